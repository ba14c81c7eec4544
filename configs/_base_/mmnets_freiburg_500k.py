# Colour, depth, near-infrared and five classes: pairs of colour and labels, triplets of colour, depth and near-infrared
# (thesis fig. 4.17). Depth is a map of 8 bits here, not in metres, as near-infrared is.
_base_ = './mmnets_500k.py'
_map = dict(_delete_=True, type='MapModality')
model = dict(
    data_preprocessor=dict(scale=None, crop_size=256),
    modalities=dict(
        depth=_map,
        nir=dict(type='MapModality'),
        segmentation=dict(
            num_classes=5,
            void=None,
            class_names=['sky', 'trail', 'grass', 'vegetation', 'obstacle'],
            palette=[(0, 120, 255), (170, 170, 170), (0, 255, 0), (102, 102, 51), (0, 0, 0)],
        ),
    ),
    graph=dict(sets=dict(_delete_=True, RS=['rgb', 'segmentation'], RDN=['rgb', 'depth', 'nir'])),
    networks=dict(
        encoders=dict(segmentation=dict(in_channels=5), nir=dict(type='SegNetEncoder', in_channels=1)),
        decoders=dict(segmentation=dict(out_channels=5), nir=dict(type='SegNetDecoder', out_channels=1)),
    ),
    losses=dict(nir=dict(type='BerhuLoss', loss_weight=10)),
)
