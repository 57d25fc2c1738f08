"""A simulated fleet on loopback that speaks real WinRM: for a newcomer's first minute and for the tests.

Pure: `model`, `writes`, `parameters`, `targets`, `attempts`, `answer`; `repin_parameters`, `plot`, `repin`,
`at_once`; `behaviour`, `rows`, `recipes`, `scenario`, `repin_scenario`. On the wire: `httpd`, `auth`,
`negotiate`, `ntlm`, `soap`, `bodies`, `wsman`, `psrp`, `engine`, `host`, `fleet`; `lean` replays recorded
answers. It may know `remote`'s contract and session, `domain` and `inventory`; never `store`, `fleet`,
`report` or `cli`, and nothing in it ever leaves 127.0.0.0/8.
"""
