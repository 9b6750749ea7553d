"""The program's door: it opens before anything else is imported, so that Ctrl-C is quiet from the first moment on."""

from daemon.interrupts import deadly


def main() -> None:
    """Run the command line."""
    with deadly():
        from daemon import cli
    cli.main()


if __name__ == "__main__":
    main()
