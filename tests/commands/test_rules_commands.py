"""callqa rules, score, rescore and backtest, as a QA lead types them."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.batch.manifest import Manifest, write_manifest
from pipeline.batch.pool import Workers
from pipeline.batch.store import ArtefactStore
from pipeline.cli import main
from pipeline.config import Config, ScoreConfig
from pipeline.rules.dialogue import read_dialogue
from pipeline.stages.score import ScoreStage
from pipeline.store import open_results
from pipeline.types import Audition, ChannelGate, Diarization, Failure, Frames, Scorecard, Transcript

SMALL = Path(__file__).parent.parent / "rules" / "data" / "small"


def callqa(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_check_tells_green_and_red(tmp_path):
    done = callqa("rules", "check", "--lexicons", SMALL)
    assert done.exit_code == 0 and "7 rules" in done.output and "0 errors" in done.output
    broken = shutil.copytree(SMALL, tmp_path / "lex")
    text = (broken / "service.yaml").read_text(encoding="utf-8")
    (broken / "service.yaml").write_text(text.replace("坐席: 不客气", "坐席: 嗯"), encoding="utf-8")
    done = callqa("rules", "check", "--lexicons", broken)
    assert (
        done.exit_code == 1
        and "lex/service.yaml:" in done.output
        and "expected pass, found fail" in done.output
    )
    (broken / "service.yaml").write_text(text.replace("expect:", "expekt:"), encoding="utf-8")
    done = callqa("rules", "check", "--lexicons", broken)
    assert done.exit_code == 2 and "found 'expekt'" in done.output


def test_try_shows_what_is_heard_and_what_is_near():
    done = callqa("rules", "try", "您好请问有什么可以帮您", "--lexicons", SMALL)
    assert done.exit_code == 0 and "命中  greeting 问候语" in done.output and "open.greeting" in done.output
    done = callqa("rules", "try", "我们不会说不知道的", "--lexicons", SMALL)
    assert "不算" in done.output
    done = callqa("rules", "try", "您好请问您有什么事情", "--lexicons", SMALL)
    assert "最接近而未命中" in done.output and "greeting" in done.output
    done = callqa("rules", "try", "以帮", "--lexicons", SMALL)
    assert "没有接近的说法" in done.output and "最接近" not in done.output


def test_docs_profile_and_schema(tmp_path):
    page = tmp_path / "rulebook.md"
    assert callqa("rules", "docs", "--lexicons", SMALL, "--out", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert (
        "首句问候 `open.greeting`" in text
        and "一票否决" in text
        and "每次「客户说「thanks」」之后(1 句内)" in text
    )
    done = callqa("rules", "profile", "--lexicons", SMALL)
    assert "µs/call" in done.output and "taboo.dont_know" in done.output
    schema = json.loads(callqa("rules", "schema").output)
    assert (
        schema["$defs"]["condition"]["properties"]["say"]
        and "expect" in schema["$defs"]["Rule"]["properties"]
    )


DIALOGUES = [
    {"call_id": "b", "date": "2026-11-21", "agent_id": "1", "utterances": [
        {"role": "agent", "text": "您好请问有什么可以帮您"}, {"role": "customer", "text": "几点开门"},
        {"role": "agent", "text": "不知道"}]},
    {"call_id": "a", "date": "2026-11-21", "agent_id": "1", "business": "complaint", "utterances": [
        {"role": "agent", "text": "您好请问有什么可以帮您", "start_s": 0, "end_s": 3},
        {"role": "agent", "text": "非常抱歉", "start_s": 9, "end_s": 10}]},
]  # fmt: skip


def test_score_writes_the_tables_and_needs_no_sound(tmp_path):
    lines = [json.dumps(d, ensure_ascii=False) for d in DIALOGUES]
    path = tmp_path / "d.jsonl"
    path.write_text("\n".join([*lines, "nonsense", lines[0]]), encoding="utf-8")
    done = callqa("score", path, "--out", tmp_path / "out", "--lexicons", SMALL)
    assert done.exit_code == 1 and "2 dialogues scored, 2 not" in done.output
    day = open_results(tmp_path / "out").day("2026-11-21")
    calls = day.calls().set_index("call_id")
    assert calls.loc["b", "total"] == 95 and calls.loc["b", "standard"] == "hotline t1"
    assert calls.loc["a", "total"] == 100 and calls.loc["a", "standard"] == "complaint t1"
    verdicts = day.verdicts().set_index(["call_id", "rule_id"])
    silence = verdicts.loc[("b", "hold.dead_air")]
    assert (silence["outcome"], silence["points"], silence["why"]) == ("unknown", 0.0, "只有文字,没有录音")
    assert list(day.ledger()["status"].value_counts().sort_index().items()) == [("failed", 2), ("scored", 2)]
    assert day.call("b").transcript.utterances[2].text == "不知道"


def test_score_without_usable_lexicons_is_bad_usage(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text("{}", encoding="utf-8")
    done = callqa("score", path, "--out", tmp_path / "out", "--lexicons", tmp_path)
    assert done.exit_code == 2 and "expected lexicon files" in done.output


def test_score_with_a_sentence_model_that_is_not_there_is_bad_usage(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text("{}", encoding="utf-8")
    done = callqa("score", path, "--out", tmp_path / "out", "--sentence-model", tmp_path / "none")
    assert done.exit_code == 2 and "expected a model's folder" in done.output


SAID = {
    "good": "坐席: 您好请问有什么可以帮您\n客户: 谢谢\n坐席: 不客气",
    "curt": "坐席: 喂\n客户: 几点开门\n坐席: 不知道\n静音 8s 等坐席\n坐席: 您说",
    "lost": "坐席: 您好请问有什么可以帮您\n客户: 谢谢\n坐席: 嗯",
}
QUIET = Audition(
    60.0, ChannelGate("stereo", (False, False), (0.0, 0.0), (None, None), (None, None)), ((), ()), (), ((), ()),
    Frames(0.02, ()), None,
)  # fmt: skip


@pytest.fixture
def stored_day(tmp_path):
    """A day of three calls as a run leaves it: artefacts and run.json; "lost" lacks its transcript."""
    folder = tmp_path / "results" / "2026-11-21"
    store = ArtefactStore(folder)
    stage = ScoreStage(settings=ScoreConfig(lexicons=str(SMALL)))
    calls = []
    for name, text in SAID.items():
        conversation, measured = read_dialogue(text)
        call = dataclasses.replace(conversation.call, id=name, agent_id=name[0])
        conversation = dataclasses.replace(conversation, call=call, audition=QUIET)
        calls.append(call)
        roles = Diarization(conversation.turns, "channel", 1.0)
        store.put("audition", name, "k", QUIET)
        store.put("diarize", name, "k", roles)
        store.put("measure", name, "k", measured)
        if name != "lost":
            store.put("transcribe", name, "k", Transcript(conversation.utterances, (), "none", 1.0))
        store.put("score", name, "k", stage.score(conversation, measured))
    config = Config(score=ScoreConfig(lexicons=str(SMALL)))
    write_manifest(
        folder, Manifest("2026-11-21", "demo", config, "rec", None, tuple(calls), (), complete=True)
    )
    return folder


def kinder(tmp_path):
    """Lexicons in which nobody need greet, and 不知道 costs twice as much."""
    folder = shutil.copytree(SMALL, tmp_path / "kinder")
    path = folder / "service.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("severity: fatal", "severity: major"), encoding="utf-8"
    )
    card = folder / "scorecards" / "hotline.yaml"
    text = card.read_text(encoding="utf-8").replace("open.greeting, points: 10", "open.greeting, points: 1")
    card.write_text(
        text.replace("taboo.dont_know, points: 5", "taboo.dont_know, points: 30"), encoding="utf-8"
    )
    return folder


def test_rescoring_reads_only_what_is_stored(stored_day, tmp_path):
    from pipeline.batch.manifest import read_manifest
    from pipeline.batch.rescore import rescore

    settings = ScoreConfig(lexicons=str(kinder(tmp_path)))
    found = {
        one.call.id: one for one in rescore(stored_day, read_manifest(stored_day), settings, pool=Workers(1))
    }
    assert (found["good"].before.total, found["good"].after.total) == (100, 100)
    assert (found["curt"].before.total, found["curt"].after.total) == (100 - 6 - 5 - 4, 100 - 1 - 30 - 4)
    assert "expected a stored transcribe artefact" in found["lost"].after.message
    kept = ArtefactStore(stored_day).latest("score", "curt", Scorecard)
    assert kept.total == found["curt"].before.total  # compared, not kept


def test_rescore_writes_the_days_outputs_anew_without_a_recording(stored_day, tmp_path):
    """Its artefacts are of another version of the program, as their key tells: they will do, and are kept."""
    from pipeline.batch.manifest import read_manifest

    manifest = read_manifest(stored_day)
    failed = Failure(
        "curt", "score", "permanent", "no scorecard fits this call"
    )  # and is mended by rescoring
    calls = tuple(c for c in manifest.calls if c.id != "lost")
    manifest = dataclasses.replace(manifest, calls=calls, failures=(failed,))
    write_manifest(stored_day, manifest)
    lexicons = kinder(tmp_path)
    results = stored_day.parent
    done = callqa("rescore", "2026-11-21", "--results", results, "--lexicons", lexicons, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "2 calls re-scored" in done.output
    calls = open_results(results).day("2026-11-21").calls().set_index("call_id")
    assert calls["total"].to_dict() == {"good": 100.0, "curt": 65.0}
    assert (stored_day / "scorecards.xlsx").is_file() and (stored_day / "report.html").is_file()
    assert ArtefactStore(stored_day).has("measure", "good", "k")
    again = callqa("rescore", "2026-11-21", "--results", results, "--workers", 1, "--progress", "json")
    assert again.exit_code == 0 and "2 calls re-scored" in again.output
    assert '"done": 2, "total": 2' in again.output and '{"event": "writing"' in again.output


def test_backtest_tells_who_flips_before_anything_is_published(stored_day, tmp_path):
    page = tmp_path / "bt.html"
    options = ["--results", stored_day.parent, "--lexicons", kinder(tmp_path), "--out", page, "--workers", 1]
    done = callqa("backtest", "2026-11-21", *options)
    assert done.exit_code == 1, done.output  # one call could not be compared
    assert "2 calls compared: 1 change, 1 flip" in done.output and "1 could not be compared" in done.output
    assert "taboo.dont_know" in done.output and "合格 → 不合格" in done.output
    assert "curt" in page.read_text(encoding="utf-8")


def test_a_day_that_is_not_there_is_bad_usage(tmp_path):
    done = callqa("backtest", "2026-01-01", "--results", tmp_path, "--lexicons", SMALL)
    assert done.exit_code == 2 and "expected a day's folder with run.json" in done.output
    done = callqa("rescore", "2026-01-01", "--results", tmp_path)
    assert done.exit_code == 2 and "expected a day's folder" in done.output
