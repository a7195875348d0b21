"""The local GameLift's own web page: read-only, live, self-contained.

`chronicle` remembers what notices said, `views` turn the state of a region into what the page shows, `endpoint` serves
them and the files in `assets`. Nothing here can change anything.
"""
