# TransferGAN from one ProGAN, of LSUN living rooms, to 200 towers (thesis Table 3.1).
_base_ = ['../_base_/transfergan_progan_256.py', '../_base_/datasets/lsun_tower_256_target.py']
_source = 'checkpoints/progan_lsun_livingroom_256.pth'
model = dict(
    networks=dict(
        generator=dict(init_cfg=dict(checkpoint=_source)),
        critic=dict(init_cfg=dict(checkpoint=_source)),
    )
)
