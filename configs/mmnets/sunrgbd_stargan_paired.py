# The paired variant of sunrgbd_stargan_unpaired.py: no reconstruction, but supervised translations of the pairs that
# M&MNets see too, with their weights.
_base_ = './sunrgbd_stargan_unpaired.py'
model = dict(
    losses=dict(
        rgb=dict(_delete_=True, type='PixelLoss'),
        depth=dict(loss_weight=10),
        segmentation=dict(loss_weight=100),
        reconstruction=dict(loss_weight=0),
        supervised=dict(type='ModalitySumLoss'),
    )
)
