# Thesis Table 4.1: opponent colours of flowers, before the stage with pseudo-pairs and after it. The thesis does not
# name the classifier; here it is an ImageNet ResNet-18 fine-tuned on the real training images.
title = 'M&MNets on opponent colours: R - G (theta 1), G - B (theta 2) and RGB (theta 3) (thesis Table 4.1), accuracy'
prerequisites = [dict(config='configs/classifiers/flowers_128.py', work_dir='work_dirs/classifiers/flowers_128')]
base = dict(config='configs/mmnets/flowers_opponent.py')
rows = [dict(name='flowers_opponent')]
seeds = [0]
columns = [
    dict(key='1to3/accuracy', at=80000, name='theta 1 to 3 (seen)', precision=1, better='higher'),
    dict(key='2to3/accuracy', at=80000, name='theta 2 to 3 (unseen)', precision=1, better='higher'),
    dict(key='2to3/accuracy', name='theta 2 to 3, PP', precision=1, better='higher'),
    dict(key='12to3/accuracy', at=80000, name='(theta 1, theta 2) to 3', precision=1, better='higher'),
    dict(key='12to3/accuracy', name='(theta 1, theta 2) to 3, PP', precision=1, better='higher'),
    dict(key='1to3/accuracy_real', name='real images', precision=1, better='higher'),
    dict(key='2to3/rmse', name='theta 2 to 3, PP, RMSE', precision=3),
]
