# As evaluation_domains.py, with the reverse classification of thesis tables 6.3 and 6.4.
_base_ = ['./evaluation_domains.py']
val_evaluator = dict(
    metrics=[
        dict(type='ReverseClassification'),
        dict(type='LPIPSDiversity', pairing='within_domain'),
        dict(type='LPIPSDiversity', pairing='within_input'),
        dict(type='ReconstructionL1'),
    ],
)
