from pipeline.batch.plan import MAX_CHUNK_AUDIO_S, chunks
from tests.batch.fakes import make_call


def test_longest_first_and_no_more_than_asked():
    calls = [make_call(str(i), duration_s=float(i)) for i in range(1, 8)]
    groups = list(chunks(calls, calls_in_work=3))
    assert [[call.id for call in group] for group in groups] == [["7", "6", "5"], ["4", "3", "2"], ["1"]]


def test_long_calls_do_not_share_a_worker_memory():
    calls = [make_call(str(i), duration_s=MAX_CHUNK_AUDIO_S * 0.7) for i in range(2)]
    assert [len(group) for group in chunks(calls, calls_in_work=8)] == [1, 1]


def test_the_order_of_the_folder_does_not_matter():
    calls = [make_call(str(i), duration_s=5.0) for i in range(6)]
    assert list(chunks(calls, calls_in_work=4)) == list(chunks(calls[::-1], calls_in_work=4))
