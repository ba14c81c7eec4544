# The six MUNITs of munit_artworks_pairs.py, which are trained before, scored as one translator between photos and three
# painters' styles (thesis table 6.4).
# mmgentransfer train configs/baselines/pairwise_munit_artworks_256.py
_base_ = ['../_base_/pairwise_artworks_256.py']
_domains = ['photo', 'cezanne', 'ukiyoe', 'monet']
_runs = 'work_dirs/baselines/munit_artworks_pairs'
model = dict(
    pairs=[
        dict(domains=[a, b], checkpoint=f'{_runs}/{a}_{b}/seed0')
        for i, a in enumerate(_domains)
        for b in _domains[i + 1 :]
    ]
)
