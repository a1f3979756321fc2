// Shared by all pages: messages, requests with the session's token.
"use strict";

const desk = {
  csrf: document.body.dataset.csrf || "",

  toast(message, bad = false) {
    const box = document.getElementById("toast");
    box.textContent = message;
    box.className = bad ? "toast bad" : "toast";
    box.hidden = false;
    clearTimeout(desk.timer);
    desk.timer = setTimeout(() => { box.hidden = true; }, bad ? 8000 : 2500);
  },

  // Post a form's data; resolves to the answer's HTML, or null after telling the person what went wrong.
  async post(url, data) {
    const answer = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(data),
      headers: { "X-CSRF-Token": desk.csrf, "X-Panel": "1", "Accept": "application/json, text/html;q=0.9" },
    });
    if (answer.ok) return answer.text();
    let message = String(answer.status);
    try { message = (await answer.json()).error || message; } catch { /* the status says enough */ }
    desk.toast(message, true);
    return null;
  },

  typing(event) {
    const tag = event.target.tagName;
    return event.ctrlKey || event.metaKey || event.altKey ||
      tag === "TEXTAREA" || tag === "SELECT" || (tag === "INPUT" && !["checkbox", "range"].includes(event.target.type));
  },
};
