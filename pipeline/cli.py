"""The ``callqa`` command: a table of sub-commands, each loaded only when it is asked for."""

from __future__ import annotations

import importlib

import click

from pipeline import __version__

# name -> (module under pipeline.commands, one line for --help). Help stays quick because nothing
# but this table is read for it.
COMMANDS = {
    "run": ("run", "Score a day's recordings: the daily job."),
    "demo": ("demo", "Score the demo day that comes with callqa."),
    "show": ("show", "One call's scorecard, evidence and transcript."),
    "doctor": ("doctor", "Is this machine ready? What to do if not."),
    "init": ("init", "Write a commented callqa.toml."),
    "rules": ("rules", "Check, try and print the rules calls are judged by."),
    "score": ("score", "Score dialogues that come as text, without recordings."),
    "rescore": ("rescore", "Score a day again from its stored transcripts and measures."),
    "backtest": ("backtest", "What would change under other lexicons, before they are published."),
    "review": ("review", "The review desk: listen, confirm, overrule, answer appeals."),
    "simulate": ("simulate", "Render scripted calls with exact truth."),
    "models": ("models", "The models callqa can load: list, fetch, verify."),
    "voices": ("voices", "Voice profiles of agents, where a site uses them: learn, list, delete."),
}


class LazyCommands(click.Group):
    """Loads a sub-command's module when it is called, not when ``callqa`` starts."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"pipeline.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="callqa")
def main() -> None:
    """Speech QA for recorded calls: a folder of recordings in, a scorecard for every call out.

    \b
    First time:       callqa doctor
    Try it:           callqa demo
    The daily job:    callqa run /recordings --cdr calls.csv --date yesterday --profile cpu
    Look at one call: callqa show CALL_ID
    """


if __name__ == "__main__":
    main()
