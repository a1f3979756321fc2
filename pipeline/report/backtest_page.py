"""The backtest as one self-contained page: what changes before new lexicons are published."""

from __future__ import annotations

from html import escape

from pipeline.rules.backtest import Backtest, CallChange
from pipeline.strings import text

MAX_CALLS = 500
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0;width:100%}td,th{padding:.3em .6em;border-bottom:1px solid #ddd;"
    "text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".up{color:#176b2c}.down{color:#a3231b}.flip{background:#fff6e0}.small{color:#666;font-size:.9em}"
)


def backtest_page(result: Backtest, *, title: str, lang: str = "zh") -> str:
    """HTML of the comparison."""

    def t(key: str, **values: object) -> str:
        return escape(text(f"backtest.{key}", lang, **values))

    flipped = result.flipped
    parts = [
        f"<!doctype html><html lang='{escape(lang)}'><meta charset='utf-8'><title>{escape(title)}</title>",
        f"<style>{_STYLE}</style><h1>{t('title')}</h1><p>{escape(title)}</p>",
        f"<p>{t('summary', compared=result.compared, changed=len(result.calls), flipped=len(flipped))}"
        f" {t('skipped', count=result.skipped)}</p>",
        f"<p class=small>{escape('; '.join(result.standards))}</p>",
        f"<h2>{t('rules')}</h2>",
        _table((t("rule"), t("calls"), t("points"), t("moves")), _rule_rows(result, lang)),
        f"<h2>{t('agents')}</h2>",
        _table((t("agent"), t("calls"), t("before"), t("after"), t("points")), _agent_rows(result)),
        f"<h2>{t('changed_calls')}</h2>",
        _table(
            (t("call"), t("agent"), t("before"), t("after"), t("points"), t("grade"), t("moves")),
            [_call_row(change, lang) for change in result.calls[:MAX_CALLS]],
        ),
    ]
    return "\n".join(parts) + "\n"


def _table(heads: tuple[str, ...], rows: list[str]) -> str:
    head = "".join(f"<th>{h}</th>" for h in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _rule_rows(result: Backtest, lang: str) -> list[str]:
    return [
        f"<tr><td>{escape(name)}</td><td class=n>{rule.calls}</td>{_points(rule.points)}"
        f"<td>{escape('; '.join(f'{_moved(m, lang)} × {n}' for m, n in rule.moves.items()))}</td></tr>"
        for name, rule in result.rules.items()
    ]


def _agent_rows(result: Backtest) -> list[str]:
    return [
        f"<tr><td>{escape(name or '–')}</td><td class=n>{one.calls}</td>"
        f"<td class=n>{one.before / one.calls:.2f}</td><td class=n>{one.after / one.calls:.2f}</td>"
        f"{_points(one.points)}</tr>"
        for name, one in result.agents.items()
    ]


def _call_row(change: CallChange, lang: str) -> str:
    grade = change.grade_after
    if change.grade_before != change.grade_after:
        grade = f"{change.grade_before} → {change.grade_after}"
    moves = "; ".join(f"{name}: {_moved(move, lang)}" for name, move in change.rules.items())
    return (
        f"<tr{' class=flip' if change.flips else ''}><td>{escape(change.call_id)}</td><td>{escape(change.agent)}</td>"
        f"<td class=n>{_total(change.before)}</td><td class=n>{_total(change.after)}</td>{_points(change.points)}"
        f"<td>{escape(grade)}</td><td class=small>{escape(moves)}</td></tr>"
    )


def _moved(move: tuple[str, str], lang: str) -> str:
    return " → ".join(text(f"outcome.{side}", lang) if side != "–" else side for side in move)


def _points(value: float) -> str:
    kind = " up" if value > 0 else " down" if value < 0 else ""
    return f"<td class='n{kind}'>{value:+.2f}</td>"


def _total(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
