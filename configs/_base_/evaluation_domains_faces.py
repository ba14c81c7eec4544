# As evaluation_domains.py, with what is left of a face's identity, through VGG-Face (thesis table 6.2).
_base_ = ['./evaluation_domains.py']
val_evaluator = dict(
    extractors=dict(vggface=dict(type='VGGFaceFeatures', weights='checkpoints/vgg_face_dag.pth')),
    metrics=[
        dict(type='IDDistance', extractor='vggface'),
        dict(type='LPIPSDiversity', pairing='within_domain'),
        dict(type='LPIPSDiversity', pairing='within_input'),
        dict(type='ReconstructionL1'),
    ],
)
