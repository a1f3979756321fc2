// The player: speed, silence skipped, a volume a channel, and the playhead over the drawn lanes.
"use strict";

const player = (() => {
  const box = document.getElementById("player");
  const audio = document.getElementById("audio");
  const svg = document.getElementById("timeline");
  const head = document.getElementById("playhead");
  const clock = document.getElementById("at");
  const play = document.getElementById("play");
  const length = Number(svg.dataset.length);
  const width = Number(svg.dataset.width);
  const voice = JSON.parse(box.dataset.voice);
  const KEEP_SILENCE_S = 0.4; // left beside speech, so that skipping does not clip words
  let context = null;
  let stopAt = null;
  const listeners = [];

  function text(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
  }

  // Two channels into two volumes and back into both ears; made on the first play, as browsers ask.
  function connect() {
    if (context || box.dataset.stereo !== "1") return;
    context = new AudioContext();
    const split = context.createChannelSplitter(2);
    context.createMediaElementSource(audio).connect(split);
    const agent = Number(box.dataset.agentChannel);
    for (const [who, channel] of [["agent", agent], ["customer", 1 - agent]]) {
      const gain = context.createGain();
      const on = document.getElementById(`on-${who}`);
      const volume = document.getElementById(`vol-${who}`);
      const set = () => { gain.gain.value = on.checked ? Number(volume.value) : 0; };
      on.addEventListener("change", set);
      volume.addEventListener("input", set);
      set();
      split.connect(gain, channel);
      gain.connect(context.destination);
    }
  }

  function skipSilence(now) {
    if (!document.getElementById("skip").checked) return;
    const next = voice.find(([, end]) => end + KEEP_SILENCE_S > now);
    if (next && next[0] - KEEP_SILENCE_S > now + 0.1) audio.currentTime = next[0] - KEEP_SILENCE_S;
  }

  function show() {
    const now = audio.currentTime;
    const x = Math.min(width, (now / length) * width);
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
    clock.textContent = text(now);
    listeners.forEach((listener) => listener(now));
    if (!audio.paused) {
      if (stopAt !== null && now >= stopAt) { audio.pause(); stopAt = null; }
      skipSilence(now);
      requestAnimationFrame(show);
    }
  }

  async function start(from = null, until = null) {
    connect();
    if (context?.state === "suspended") await context.resume();
    if (from !== null) audio.currentTime = from;
    stopAt = until;
    try { await audio.play(); } catch (error) {
      if (error.name !== "AbortError") desk.toast(error.message, true);
    }
  }

  function toggle() { if (audio.paused) start(); else audio.pause(); }

  audio.addEventListener("play", () => { play.textContent = "❚❚"; show(); });
  audio.addEventListener("pause", () => { play.textContent = "▶"; });
  audio.addEventListener("seeked", show);
  play.addEventListener("click", toggle);
  document.getElementById("speed").addEventListener("change", (event) => {
    audio.preservesPitch = true;
    audio.playbackRate = Number(event.target.value);
  });
  svg.addEventListener("click", (event) => {
    const mark = event.target.closest("[data-play]");
    if (mark) return; // call.js plays it
    const box = svg.getBoundingClientRect();
    audio.currentTime = ((event.clientX - box.left) / box.width) * length;
  });
  return { start, toggle, audio, onTime: (listener) => listeners.push(listener), text };
})();
