# DRIT on the biased sets of UDIT's experiments, which differ in the data alone.
# mmgentransfer sweep configs/baselines/drit_biased_sets.py --rows morph
title = 'DRIT on the biased sets (thesis section 5.6)'
base = dict(config='configs/baselines/drit_handbags_texture_128.py', options={})
_sets = dict(
    handbags_texture='handbags', handbags_color='handbags', makeup='makeup', morph='morph', cityscapes_synthia='scenes'
)


def _options(name: str, folder: str) -> dict:
    sets = dict(train=('trainA', 'trainB'), val=('testA', 'trainB'))
    options = {}
    for part, tables in sets.items():
        for domain, table in zip('AB', tables, strict=True):
            key = f'{part}_dataloader.dataset.domains.{domain}'
            options |= {f'{key}.data_root': f'data/{folder}', f'{key}.table': f'manifests/{name}/{table}.csv'}
    return options


rows = [dict(name=name, options=_options(name, folder)) for name, folder in _sets.items()]
columns = [
    dict(key='reconstruction_l1', name='reconstruction', precision=3),
]
