# Recolouring between domains without pairs by an anchor (thesis fig. 4.5, on rendered objects): four encoders and four
# decoders make twelve translations, of which six are trained. What each loss adds; the text of the thesis has the first
# row, the authors' code the last.
# mmgentransfer sweep configs/mmnets/toy_colors_table.py --jobs 2
title = 'Unpaired M&MNets on rendered objects of four colours, blue the anchor (100 iterations)'
prerequisites = [dict(config='configs/classifiers/objects_32.py', work_dir='work_dirs/classifiers/objects_32')]
base = dict(config='configs/mmnets/toy_colors.py')
_no_cycle = {'model.losses.cycle.loss_weight': 0}
_no_autoencoder = {'model.losses.autoencoder.loss_weight': 0}
rows = [
    dict(name='adversarial', options={**_no_cycle, **_no_autoencoder}),
    dict(name='+ autoencoders', options=_no_cycle),
    dict(name='+ cycles', options=_no_autoencoder),
    dict(name='+ both'),
]
seeds = [0, 1, 2]
columns = [
    dict(key='seen/accuracy', name='seen, colour', precision=1, better='higher'),
    dict(key='unseen/accuracy', name='unseen, colour', precision=1, better='higher'),
    dict(key='seen/accuracy_real', name='real images', precision=1),
    dict(key='seen_and_back/rmse', name='seen and back, RMSE', precision=3),
    dict(key='unseen_and_back/rmse', name='unseen and back, RMSE', precision=3),
]
