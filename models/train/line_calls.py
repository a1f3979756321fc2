"""Calls for measuring the line: waits of every kind, overlaps, tones and releases over line conditions.

Each call plants what docs/accuracy.md counts. The tune set and the held-out set share no voices and
no sentences; thresholds are set on the first and the printed figures come from the second.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.callsim.script import Script, parse_script

SENTENCES: dict[str, dict[str, list[str]]] = {
    "tune": {
        "agent": [
            "我这边看到您的订单是明天入住的大床房", "您的机票已经出票成功,行程单会寄到您的地址",
            "这个套餐每月五十八元,包含二百分钟通话", "您提供的手机号码我已经登记好了",
            "酒店在机场东边,打车大概二十分钟", "发票可以开电子的,也可以到前台领取纸质的",
        ],
        "customer": [
            "我上个星期订的机票到现在还没有收到短信", "你帮我看一下这个酒店能不能加一张床",
            "我想把明天的房间改到后天,不知道行不行", "我的会员积分怎么突然少了三百多分",
            "上次你们说三天之内就会退款给我的", "我在网上付了款可是订单还显示没有支付",
        ],
        "cut": ["这个是不能退的", "我已经跟您讲过规定了", "我还没有说完呢"],
        "wait": ["麻烦您稍等一下,好吗?", "请您稍等片刻,我帮您查一下。"],
        "back": ["不好意思,让您久等了。", "感谢您的耐心等待。"],
        "plain_back": ["查到了,您的房间还在。", "系统显示已经付款。"],
    },
    "heldout": {
        "agent": [
            "系统里显示您的房间保留到晚上六点", "退票的手续费是票面价格的百分之二十",
            "您说的这个航班已经改到下午四点起飞", "我把确认短信发到您预留的号码上了",
            "早餐时间是七点到十点,地点在二楼餐厅", "宽带的安装师傅会在明天上午联系您",
        ],
        "customer": [
            "我想问一下这个航班可以带多少公斤行李", "你们的工作人员昨天答应给我回电话的",
            "我买的联程票第二段能不能单独取消掉", "我父亲的身份证号码当时可能报错了一位",
            "那个房间的空调一直不制冷我要换一间", "我的宽带已经断了两天了没有人来修理",
        ],
        "cut": ["这件事情不归我管的", "您听我把话讲完再说", "你先让我说清楚好不好"],
        "wait": ["请稍候,我为您查询一下,可以吗?", "麻烦您稍等片刻,我核实一下。"],
        "back": ["很抱歉,让您久等了。", "谢谢您的等待。"],
        "plain_back": ["您的行程单昨天已经寄出。", "这个订单是昨天下午付的款。"],
    },
}  # fmt: skip
BACKCHANNELS = ("嗯", "好的", "对", "嗯嗯", "是的")
LINES: tuple[dict[str, Any], ...] = (
    {"codec": "alaw", "snr_db": 40},
    {"codec": "ulaw", "snr_db": 30},
    {"codec": "ulaw", "snr_db": 20},
    {"codec": "gsm", "snr_db": 30},
    {"codec": "alaw", "snr_db": 10},
    {"codec": "ulaw", "snr_db": 5},
    {"codec": "alaw", "noise": "comfort"},
    {"codec": "ulaw", "noise": "digital"},
    {"codec": "ulaw", "snr_db": 35, "bleed_db": -25.0},
    {"codec": "alaw", "snr_db": 30, "loss": 0.01},
)


def line_scripts(count: int, *, seed: int, voice_set: str) -> list[Script]:
    """``count`` scripts; the i-th uses the i-th line condition in turn."""
    return [parse_script(_call(i, np.random.default_rng([seed, i]), voice_set)) for i in range(count)]


def condition_of(call_id: str) -> str:
    """The line condition of a call of ``line_scripts``, told by its number."""
    condition = LINES[int(call_id.rsplit("-", 1)[1]) % len(LINES)]
    return ", ".join(f"{name} {value}" for name, value in condition.items())


def _call(index: int, rng: np.random.Generator, voice_set: str) -> dict[str, Any]:
    text = SENTENCES[voice_set]

    def say(kind: str) -> str:
        return str(rng.choice(text[kind]))

    events: list[dict[str, Any]] = []
    if rng.random() < 0.6:
        events.append({"do": "ringback", "count": int(rng.integers(1, 5))})
    events += [{"agent": "您好,工号六零三五,请问有什么可以帮到您?"}, {"customer": say("customer")}]
    parts = [
        _wait(say, rng),
        _overlap(say, rng),
        _talk(say),
        _overlap(say, rng),
        _wait(say, rng),
        _odd(say, rng),
    ]
    for i in rng.permutation(len(parts)):
        events += parts[int(i)]
    ending, release = _ending(rng)
    level = float(rng.choice([-40, -30, -22, -16]))
    return {
        "id": f"{voice_set}-{index:03d}",
        "set": voice_set,
        "seed": int(rng.integers(1 << 30)),
        "agent": {"cpm": float(rng.uniform(160, 290)), "level_dbfs": level, "voice": _voice(rng, voice_set)},
        "customer": {
            "cpm": float(rng.uniform(160, 290)),
            "level_dbfs": level - 3,
            "voice": _voice(rng, voice_set),
        },
        "line": _line(index, level),
        "agent_channel": int(rng.integers(2)),
        "events": events + ending,
        "release": release,
    }


def _line(index: int, level: float) -> dict[str, Any]:
    """The condition, its noise kept at the stated ratio to the quieter party."""
    line = dict(LINES[index % len(LINES)])
    if "snr_db" in line:
        line["snr_db"] = line["snr_db"] - (level - 3) - 20.0  # the simulator counts from −20 dBFS
    return line


def _voice(rng: np.random.Generator, voice_set: str) -> dict[str, Any]:
    return {"set": voice_set, "seed": int(rng.integers(1 << 20))}


def _talk(say: Any) -> list[dict[str, Any]]:
    return [{"agent": say("agent")}, {"customer": say("customer")}, {"agent": say("agent")}]


def _wait(say: Any, rng: np.random.Generator) -> list[dict[str, Any]]:
    """A wait announced or not, agreed or not, thanked or not, with music or without, reassured or not."""
    kind = str(rng.choice(["hold", "hold", "music", "dead", "dead", "mute", "thinking"]))
    seconds = float(rng.uniform(4, 14))
    thanked = bool(rng.random() < 0.5)
    back = {"agent": say("back") if thanked else say("plain_back")}
    if kind == "thinking":
        return [
            {"customer": say("customer")},
            {"do": "wait", "seconds": float(rng.uniform(1.2, 2.3)), "thanked": thanked},
            back,
        ]
    if kind == "dead":
        return [{"customer": say("customer")}, {"do": "wait", "seconds": seconds, "thanked": thanked}, back]
    asked = [{"customer": say("customer")}, {"agent": say("wait")}]
    agreed = bool(rng.random() < 0.6)
    if agreed:
        asked.append({"customer": "好的。"})
    hold = {"do": "hold", "seconds": seconds, "announced": True, "agreed": agreed, "thanked": thanked}
    if kind == "mute":
        # a desk that mutes without a word: announced would be a hold by either name
        return [
            {"customer": say("customer")},
            {"do": "mute", "seconds": seconds, "by": "agent", "thanked": thanked},
            back,
        ]
    if kind == "music":
        return [
            *asked,
            {**hold, "sound": "music", "style": str(rng.choice(["piano", "strings", "pop"]))},
            back,
        ]
    if rng.random() < 0.4:
        plea = {"agent": "对不起,请您再稍等一下。", "reassures": True}
        return [*asked, {**hold, "thanked": False}, plea, {**hold, "seconds": float(rng.uniform(4, 9))}, back]
    return [*asked, hold, back]


def _overlap(say: Any, rng: np.random.Generator) -> list[dict[str, Any]]:
    first, second = ("agent", "customer") if rng.random() < 0.4 else ("customer", "agent")
    long = {first: say(first) + "," + say(first)}
    kind = str(rng.choice(["interruption", "interruption", "backchannel", "backchannel", "meet"]))
    if kind == "interruption":
        cut = {
            second: say("cut"),
            "gap_s": -float(rng.uniform(0.9, 1.8)),
            "overlap": "interruption",
            "gave_way": True,
        }
        return [long, cut]
    if kind == "backchannel":
        sign = {
            second: str(rng.choice(BACKCHANNELS)),
            "at_s": float(rng.uniform(1.2, 2.5)),
            "overlap": "backchannel",
        }
        return [long, sign, {second: say(second)}]
    return [long, {second: say(second), "gap_s": -float(rng.uniform(0.1, 0.35)), "overlap": "cooperative"}]


def _odd(say: Any, rng: np.random.Generator) -> list[dict[str, Any]]:
    kind = str(rng.choice(["dtmf", "cough", "laugh", "none", "beep"]))
    if kind == "none":
        return []
    digits = "".join(str(d) for d in rng.integers(0, 10, 4))
    event = {"dtmf": {"do": "dtmf", "digits": digits}, "cough": {"do": "cough", "by": "customer", "gap_s": 0.5},
             "laugh": {"do": "laugh", "by": "customer", "gap_s": 0.5}, "beep": {"do": "beep"}}[kind]  # fmt: skip
    return [{"agent": say("agent")}, event, {"agent": say("agent"), "gap_s": 0.6}]


def _ending(rng: np.random.Generator) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """How calls end: as the standard asks, or the agent drops it, or nobody answers, or it is cut off."""
    kind = str(rng.choice(["usual", "usual", "usual", "waits", "drops", "silent", "angry"]))
    more, none = {"agent": "请问还有什么可以帮到您?"}, {"customer": "没有了,谢谢。"}
    bye = {"agent": "不客气,感谢您的来电,再见。"}
    busy = int(rng.integers(2, 6)) if rng.random() < 0.5 else 0
    if kind == "usual":
        return [more, none, bye, {"customer": "再见。"}], _release("customer", rng.uniform(0.4, 1.6), busy)
    if kind == "waits":
        return [more, none, bye], _release("customer", rng.uniform(1.3, 3.0), busy)
    if kind == "drops":
        return [more, none, bye], _release("agent", rng.uniform(0.2, 0.6), busy)
    if kind == "silent":
        closing = {"agent": "如您没有其它问题我挂线了,感谢您的来电,再见。"}
        return [more, {"do": "wait", "seconds": 4.0, "waiting_on": "customer"}, closing], {
            **_release("agent", rng.uniform(5.2, 6.5), busy), "excused": "silent_customer"}  # fmt: skip
    return [{"customer": "算了我不跟你说了。"}], _release("customer", rng.uniform(0.3, 0.8), busy)


def _release(by: str, after_s: float, busy: int) -> dict[str, Any]:
    return {"by": by, "after_s": float(round(after_s, 2)), "busy": busy}
