"""The words, rules and people of the plausible results in ``factory``."""

from __future__ import annotations

from dataclasses import dataclass

TEAMS = {"一组": ("6035", "6036", "6037"), "二组": ("6101", "6102"), "三组": ("6210", "6211", "6212")}
NAMES = {
    "6035": "王小敏", "6036": "李建国", "6037": "陈思", "6101": "周婷",
    "6102": "赵一鸣", "6210": "孙丽", "6211": "吴磊", "6212": "郑欣",
}  # fmt: skip
BUSINESS = ("inquiry", "booking", "complaint", "inquiry")


@dataclass(frozen=True)
class Rule:
    id: str
    title: str
    group: str
    points: float
    fatal: bool = False
    quote: str = ""  # what the agent says when it fails; empty: something not said
    near: str = ""  # the nearest thing said instead


RULES = (
    Rule("open.greeting", "开场问候", "开场", -3, near="喂你好"),
    Rule("open.agent_id", "自报工号", "开场", -2, near="我是客服"),
    Rule("polite.interrupt", "不抢话", "礼貌", -5, quote="您先听我说"),
    Rule("polite.nin", "多用您", "礼貌", -2, quote="你把订单号给我"),
    Rule("hold.ask_first", "等待前征询", "等待", -3, quote="等一下啊"),
    Rule("hold.reassure_15s", "等待中安抚", "等待", -3),
    Rule("handle.verify_identity", "核对身份", "业务", -5),
    Rule("taboo.blame_department", "推卸给其他部门", "禁语", -10, quote="这是技术部门的事我们也没有办法"),
    Rule("taboo.abuse", "辱骂客户", "禁语", -100, fatal=True, quote="你是不是脑子有问题"),
    Rule("taboo.retort", "顶撞客户", "禁语", -10, quote="你爱投诉就投诉"),
    Rule("close.farewell", "结束语", "结束", -3, near="行那就这样"),
    Rule("hangup.customer_first", "客户先挂机", "结束", -5),
)

OPENING = ("agent", "您好六零三五号为您服务请问有什么可以帮到您")
TALK = (
    ("customer", "我上周在你们那里订的机票到现在还没有出票"),
    ("agent", "很抱歉给您带来不便麻烦您提供一下订单号好吗"),
    ("customer", "订单号我没记我手机号是13800138000身份证110101199003078515"),
    ("agent", "好的麻烦您稍等片刻我帮您查询一下好吗"),
    ("customer", "行你快点"),
    ("agent", "对不起让您久等了这边为您查询到出票正在处理中"),
    ("customer", "三天了还不能用那我找谁啊"),
    ("agent", "我理解您的心情我马上为您加急今天下午四点前给您回复您看可以吗"),
    ("customer", "那好吧我再等一下午"),
)
CLOSING = (
    ("agent", "请问还有什么可以帮到您的吗"),
    ("customer", "没有了"),
    ("agent", "感谢您的来电祝您生活愉快再见"),
)
