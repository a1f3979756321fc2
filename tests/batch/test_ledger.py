from pipeline.batch.ledger import NOT_REACHED, count_by_status, ledger_rows
from pipeline.types import Failure, LedgerRow
from tests.batch.fakes import make_call


def test_every_call_has_one_row_and_a_reason():
    calls = [make_call(name) for name in ("scored", "failed", "music", "never")]
    rows = ledger_rows(
        calls=calls,
        ingest_rows=[LedgerRow("no-audio", "", "", "missing_audio", "ingest", "record without recording")],
        failures=[
            Failure("failed", "audition", "permanent", "not a WAV"),
            Failure("music", "audition", "excluded", "music only"),
        ],
        scored={"scored": "channels swapped"},
        notes={"scored": "no call record"},
    )
    told = {row.call_id: (row.status, row.stage, row.reason) for row in rows}
    assert told == {
        "scored": ("scored", "score", "no call record; channels swapped"),
        "failed": ("failed", "audition", "not a WAV"),
        "music": ("excluded", "audition", "music only"),
        "never": ("failed", "run", NOT_REACHED),
        "no-audio": ("missing_audio", "ingest", "record without recording"),
    }
    assert count_by_status(rows) == {"scored": 1, "excluded": 1, "missing_audio": 1, "failed": 2}
