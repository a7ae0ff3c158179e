"""The error for mistakes that a user can make and correct."""


class UserError(Exception):
    """Something the user can mend; its text is one line: what, where, what to do.

    `cunet.cli.run` prints it and exits with status 1, without a traceback.
    """
