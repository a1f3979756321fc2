"""``callqa models``: what models there are, fetch one, verify that they are right and run."""

from __future__ import annotations

import sys

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """The models callqa can load: list them, fetch them, prove that they are right.

    \b
    callqa models list                 what there is, what is here, how it is pinned
    callqa models fetch cpu            both models of a profile, once; later runs need no network
    callqa models verify               every pinned sha256, and each model run on a sentence
    """


@command.command("list")
def list_models() -> None:
    """Name, kind, licence, source and whether the model is on this machine."""
    from pipeline.models import ModelError, known_models, pinned_revision

    for model in known_models():
        try:
            model.check()
            state = f"here: {model.path}"
            if model.hub and model.revision != pinned_revision(model.name):
                state += f" (models.toml pins {pinned_revision(model.name)[:12]})"
        except ModelError:
            state = "not here" if model.hub is None else f"not here; callqa models fetch {model.name}"
        source = (
            f"{model.hub}@{model.revision[:12]}" if model.hub else f"travels with callqa@{model.revision}"
        )
        click.echo(f"{model.name:34} {model.kind:12} {model.licence:12} {source}\n{'':34} {state}")


@command.command("fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--token", envvar="HF_TOKEN", help="Access token for models whose terms must be accepted.")
@click.option("--revision", metavar="COMMIT", help="Another commit than models.toml pins; for one NAME.")
def fetch_models(names: tuple[str, ...], token: str | None, revision: str | None) -> None:
    """Fetch models: a name from the list, a profile (cpu, gpu), or a hub id such as owner/name.

    The pinned revision is fetched into $CALLQA_MODELS (default ~/.cache/callqa/models), compared with
    the pinned sha256, and recorded; every later load checks the files and calls no hub. When the hub no
    longer has the pinned revision, the message says how to choose another and where the pin stands.

    \b
    Examples
      callqa models fetch cpu
      HF_TOKEN=… callqa models fetch speaker-diarization-community-1
      callqa models fetch faster-whisper-small --revision 536b0662742c02347bc0e980a01041f333bce120
    """
    from pipeline.model_fetch import fetch
    from pipeline.models import ModelError, models_of

    if revision and len(names) > 1:
        raise click.UsageError(f"--revision: expected one NAME with it, found {len(names)}")

    failed = False
    for name in names:
        try:
            for model in models_of(name):
                click.echo(f"{model.name}: fetching {model.hub} …")
                click.echo(f"{model.name}: in {fetch(model, token=token, revision=revision)}")
        except ModelError as error:
            click.echo(str(error), err=True)
            failed = True
    sys.exit(1 if failed else 0)


@command.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME...]")
def verify_models(names: tuple[str, ...]) -> None:
    """Check every pinned sha256 and run each model on a sentence.

    Without NAME, all models that are on this machine; the shipped ones must be. Exit 1 when one is
    missing, changed, or does not run.
    """
    from pipeline.models import ModelError, known_models, models_of
    from pipeline.verify import run_on_a_sentence

    failed = False
    try:
        asked = [model for name in names for model in models_of(name)] if names else list(known_models())
    except ModelError as error:
        click.echo(f"callqa models verify: {error}", err=True)
        sys.exit(2)
    for model in asked:
        try:
            model.check()
        except ModelError as error:
            if names or model.hub is None:
                click.echo(f"FAIL {model.name}: {error}")
                failed = True
            continue
        try:
            model.folder()
            click.echo(f"ok   {model.name}: {len(model.files)} files as pinned; {run_on_a_sentence(model)}")
        except (ModelError, OSError, RuntimeError, ValueError) as error:
            click.echo(f"FAIL {model.name}: {error}")
            failed = True
    sys.exit(1 if failed else 0)
