"""The rulebook page: every rule in Chinese, as a QA lead would print it and hang it up."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.rules.book import Rulebook, conditions_of, themes_of
from pipeline.rules.rule import Rule
from pipeline.rules.template import Item, Template
from pipeline.rules.wording import in_words

_KINDS = {"say": "应说", "taboo": "禁语", "measure": "测量", "event": "事件", "pair": "应答", "meta": "记录"}
_SEVERITY = {"fatal": "一票否决", "major": "重大", "normal": "一般", "minor": "轻微", "bonus": "加分"}
_STATUS = {"draft": "试行,只提示不扣分", "stable": "正式", "retired": "停用"}
_SOURCES = {
    "S0": "S0 旅游公司客服部管理制度", "S1": "S1 热线话务员服务规范", "S2": "S2 营业厅服务规范",
    "S3": "S3 接待客户规范", "S4": "S4 投诉处理",
}  # fmt: skip
_SCHOOLS = {"deduct": "扣分制", "weighted": "加权制"}
SHOWN_VARIANTS = 6


def rulebook_page(book: Rulebook) -> str:
    """Markdown: contents, scorecards, then every rule by group."""
    lines = ["# 质检规则手册", "", "由 `callqa rules docs` 从 `lexicons/` 生成,请勿手改。", ""]
    lines += _summary(book)
    for template in book.templates:
        lines += ["", *_template(template, book)]
    for group, rules in _grouped(book).items():
        lines += ["", f"## {group}"]
        for rule in rules:
            lines += ["", *_rule(rule, book)]
    return "\n".join(lines).rstrip() + "\n"


def _grouped(book: Rulebook) -> dict[str, list[Rule]]:
    groups: dict[str, list[Rule]] = {}
    for rule in book.rules.values():
        groups.setdefault(rule.group, []).append(rule)
    return groups


def _summary(book: Rulebook) -> list[str]:
    examples = sum(len(rule.examples) for rule in book.rules.values())
    return [
        f"共 {len(book.rules)} 条规则,{len(book.phrases)} 个话术主题,{examples} 个示例,"
        f"{len(book.templates)} 张评分表。",
        "",
        "每条的结论有四种:**通过**、**扣分**、**无法判断**(听不清、角色不明、没有录音或记录,不扣分并写明原因)、"
        "**不适用**(所要求的情形没有出现)。",
    ]


def _template(template: Template, book: Rulebook) -> list[str]:
    lines = [f"## 评分表:{template.title}(`{template.name}` {template.version})", ""]
    fits = in_words(template.fits, book) if template.fits else "其他各类通话"
    lines += [f"- 计分:{_SCHOOLS[template.school]}", f"- 适用:{fits}"]
    lines += [f"- 等级:{'、'.join(f'{name} ≥ {limit:g}' for name, limit in template.grades)}", ""]
    lines += ["| 类别 | 规则 | 名称 | 分值 | 说明 |", "|---|---|---|---|---|"]
    for group in template.groups:
        cap = f"(最多扣 {group.cap:g})" if group.cap is not None else ""
        cap += f"(权重 {group.weight:g})" if template.school == "weighted" else ""
        for item in group.items:
            title = book.rules[item.rule].title
            lines.append(
                f"| {group.name}{cap} | `{item.rule}` | {title} | {_points(item)} | {_remark(item)} |"
            )
    return lines


def _points(item: Item) -> str:
    return f"+{item.bonus:g}" if item.bonus else f"{item.points:g}"


def _remark(item: Item) -> str:
    told = ["一票否决"] if item.fatal else []
    told += ["关键项"] if item.critical else []
    if item.repeat:
        cap = f",最多 {item.repeat_cap:g}" if item.repeat_cap is not None else ""
        told.append(f"每多一次再扣 {item.repeat:g}{cap}")
    return "、".join(told)


def _rule(rule: Rule, book: Rulebook) -> list[str]:
    verb = "要求" if rule.expect is not None else "禁止"
    sources = "、".join(_SOURCES.get(s, s) for s in rule.source) or "自定"
    lines = [
        f"### {rule.title} `{rule.id}`",
        "",
        f"- {_KINDS[rule.kind]} · {_SEVERITY[rule.severity]} · {_STATUS[rule.status]} · 第 {rule.version} 版",
        f"- 依据:{sources}",
        f"- {verb}:{in_words(rule.demand, book)}",
    ]
    if rule.when is not None:
        lines.append(f"- 适用:{in_words(rule.when, book)}")
    if rule.note:
        lines.append(f"- 说明:{rule.note}")
    lines += _phrases(rule, book)
    if rule.known_false_positives:
        lines.append(f"- 可能误判:{rule.known_false_positives}")
    lines += _examples("扣分示例", (e.text for e in rule.flag))
    lines += _examples("通过示例", (e.text for e in rule.passes))
    lines += _examples("无法判断示例", (e.text for e in rule.unknown))
    lines += _examples("不适用示例", (e.text for e in rule.na))
    return lines


def _phrases(rule: Rule, book: Rulebook) -> list[str]:
    themes = dict.fromkeys(t for part in conditions_of(rule) for t in themes_of(part))
    lines = []
    for theme in themes:
        phrases = book.phrases[theme].phrases
        shown = ";".join(f"`{v}`" for v in phrases.variants[:SHOWN_VARIANTS])
        more = len(phrases.variants) - SHOWN_VARIANTS
        samples = f";相似句 {len(phrases.samples)} 句" if phrases.samples else ""
        rest = f" 等 {len(phrases.variants)} 种" if more > 0 else ""
        lines.append(f"- 话术「{phrases.title or theme}」:{shown}{rest}{samples}")
    return lines


def _examples(title: str, texts: Iterator[str]) -> list[str]:
    lines: list[str] = []
    for text in texts:
        lines += ["", f"{title}:", "```", *text.strip().splitlines(), "```"]
    return lines
