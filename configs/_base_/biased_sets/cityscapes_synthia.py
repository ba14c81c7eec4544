# Cityscapes to Synthia (thesis tables 5.1 to 5.3): real days; rendered nights, and a few rendered days. The wanted
# change is the domain, the bias the time of day. The table has source (cityscapes, synthia, bdd) and time (day, night).
_real, _night, _day = (
    dict(source=s, time=t) for s, t in (('cityscapes', 'day'), ('synthia', 'night'), ('synthia', 'day'))
)
roles = dict(
    train=dict(A=[dict(where=_real, count=3000)], B=[dict(where=_night, count=3000), dict(where=_day, count=300)]),
    test=dict(A=[dict(where=_real, count=475)]),
    metric=[dict(where=dict(source=s, time=t), count=3000) for t in ('day', 'night') for s in ('bdd', 'synthia')],
    extractor=[dict(where=dict(source=s, time=t), count=3000) for t in ('day', 'night') for s in ('bdd', 'synthia')],
)
