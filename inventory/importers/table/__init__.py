"""A table as spreadsheets, directories and databases of servers export it, read step by step.

`text` decodes the bytes, `rows` parts them into cells, `columns` says what each column means, `cells` and
`addresses` what a cell says, `settings` what that gives a host, `hosts` makes one of each row, `names` keeps
them apart. None of it refuses a file for one odd cell: what is not understood is a note with its line.
"""
