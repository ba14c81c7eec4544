# The digits of digits_28.py at 16x16 (padded to 32, averaged), where residual networks train in minutes on a CPU.
_base_ = ['digits_28.py']
train_dataloader = dict(dataset=dict(image_size=16))
val_dataloader = dict(dataset=dict(image_size=16))
test_dataloader = val_dataloader
