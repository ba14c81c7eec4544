# Thesis Table 4.1: opponent colours of flowers, before the stage with pseudo-pairs and after it. The thesis scores the
# images with a classifier of flowers that it does not name; here it is their distance from the true ones.
title = 'M&MNets on opponent colours: R - G (theta 1), G - B (theta 2) and RGB (theta 3) (thesis Table 4.1)'
base = dict(config='configs/mmnets/flowers_opponent.py')
rows = [dict(name='flowers_opponent')]
seeds = [0]
columns = [
    dict(key='1to3/rmse', at=80000, name='theta 1 to 3 (seen), RMSE', precision=3),
    dict(key='2to3/rmse', at=80000, name='theta 2 to 3 (unseen)', precision=3),
    dict(key='2to3/rmse', name='theta 2 to 3, PP', precision=3),
    dict(key='12to3/rmse', at=80000, name='(theta 1, theta 2) to 3', precision=3),
    dict(key='12to3/rmse', name='(theta 1, theta 2) to 3, PP', precision=3),
]
