# Opponent colours of rendered objects (the form of thesis Table 4.1): what a classifier of colours makes of the images.
# mmgentransfer sweep configs/mmnets/toy_opponent_table.py --jobs 2
title = 'M&MNets on opponent colours of rendered objects: accuracy of translated images (400 + 400 + 200 iterations)'
prerequisites = [dict(config='configs/classifiers/objects_32.py', work_dir='work_dirs/classifiers/objects_32')]
base = dict(config='configs/mmnets/toy_opponent.py')
rows = [
    dict(name='M&MNets', options={'model.stages.2.loss_weights.pseudo': 0}),
    dict(name='M&MNets+PP'),
]
seeds = [0, 1, 2]
columns = [
    dict(key='1to3/accuracy', name='theta 1 to 3 (seen)', precision=1, better='higher'),
    dict(key='2to3/accuracy', name='theta 2 to 3 (unseen)', precision=1, better='higher'),
    dict(key='12to3/accuracy', name='(theta 1, theta 2) to 3', precision=1, better='higher'),
    dict(key='2to1to3/accuracy', name='theta 2 to 1 to 3', precision=1, better='higher'),
    dict(key='1to3/accuracy_real', name='real images', precision=1, better='higher'),
    dict(key='1to3/rmse', name='theta 1 to 3, RMSE', precision=3),
    dict(key='2to3/rmse', name='theta 2 to 3', precision=3),
    dict(key='12to3/rmse', name='(theta 1, theta 2) to 3', precision=3),
]
