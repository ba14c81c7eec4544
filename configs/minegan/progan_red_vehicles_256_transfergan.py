# TransferGAN from one ProGAN, of LSUN cars, to red vehicles (thesis Table 3.1).
_base_ = ['../_base_/transfergan_progan_256.py', '../_base_/datasets/red_vehicles_256.py']
