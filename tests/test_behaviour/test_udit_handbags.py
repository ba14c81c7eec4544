"""Handbags whose texture is to change: MUNIT changes the colour as well, and UDIT does not (thesis section 5.6.7).

`full_udit_handbags.py`, of `make test-full`, has three seeds, longer runs, further rows and the other direction.
"""

from __future__ import annotations

from handbags import scores

RUN = dict(seed=0, iters=200, lr=1e-3, samples=5)


def test_the_constraint_removes_the_bias():
    munit, udit = scores('MUNIT', **RUN), scores('UDIT', **RUN)
    assert munit['wrong'] >= 0.6
    assert munit['dropped'] >= 0.6
    assert munit['changed'] >= 0.8
    assert udit['wrong'] <= min(0.15, munit['wrong'] - 0.5)
    assert udit['dropped'] <= 0.15
    assert udit['changed'] >= 0.9
