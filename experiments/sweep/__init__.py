"""Sweeps: many runs of one recipe, their settings chosen by Optuna.

space.py        what is searched: words of Hydra's grammar as distributions
settings.py     what a sweep is: from the command line and conf/sweep/*.yaml
journal.py      the file that holds the trials, and a lock that dies with its holder
store.py        the journal or PostgreSQL, behind one interface
samplers.py     who proposes the next trial, and who stops one early
ledger.py       who may work on which trial: the budget, leases, retries
worker.py       the process that runs one trial after the other
sweeper.py      the command: keeps workers alive, shows what happens
table.py        the live table
outcome.py      what is left at the end: the best configuration, importance, the plot of coordinates.py
"""
