"""What good service sounds like, and how a call is judged by it. The files, by what they are for:

- **written**: ``yamltree`` and ``shape`` read files strictly, ``grammar`` their conditions, ``template`` scorecards,
  ``festivals`` dates; ``book`` holds it all, ``errors`` names file and line, ``jsonschema`` completes in editors;
- **said**: ``variants`` are how a phrase is written; ``match`` finds it, by ``anchors``, ``fit``, ``slots`` and
  ``guards``; its compiled search (``kernels/``) reads ``tables``, ``pieces`` and a text's ``script``; ``phrases``
  looks through a call's texts; ``similar`` sentences; ``entities``;
- **misheard**: ``nearmiss`` and ``laying`` tell what came near a phrase, ``doubt`` whether it may have been said;
- **asked**: ``operators/`` in a ``condition``, over ``ranges`` of a call (``window``), answered in three values
  (``answer``) from the call's ``facts``; a ``rule`` makes a verdict of it;
- **added up**: ``scoring``; ``flagging`` chooses the calls to hear; ``backtest`` compares;
- **proved**: ``dialogue`` reads examples, ``check`` and ``lints`` try a rulebook with them, ``labelled`` with what
  reviewers decided, ``trial`` with one sentence; ``rulebook`` and ``wording`` print it, ``cost`` times it;
- **measured**: ``accuracy`` and ``phrase_accuracy`` over ``simulated`` calls, misread as ``damage`` has it;
- **text alone**: ``textcalls`` reads dialogues, ``measured`` tells what can be measured of them.
"""
