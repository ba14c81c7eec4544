# The six MUNITs of munit_colors_pairs.py, which are trained before, scored as one translator between four colours
# (thesis table 6.3).
# mmgentransfer train configs/baselines/pairwise_munit_colors_128.py
_base_ = ['../_base_/pairwise_colors_128.py']
_domains = ['yellow', 'blue', 'green', 'orange']
_runs = 'work_dirs/baselines/munit_colors_pairs'
model = dict(
    pairs=[
        dict(domains=[a, b], checkpoint=f'{_runs}/{a}_{b}/seed0')
        for i, a in enumerate(_domains)
        for b in _domains[i + 1 :]
    ]
)
