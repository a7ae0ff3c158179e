"""The player of both pages, `cunet app` and listen.html: all sounds in step, on one scale of levels."""
