# Handbags-texture (thesis tables 5.1 to 5.3): flat red bags; textured black ones, and a few red. The wanted change
# is the texture, the bias the colour. The table has color (red, black) and texture (flat, textured).
_red, _textured, _few = (
    dict(color=c, texture=t) for c, t in (('red', 'flat'), ('black', 'textured'), ('red', 'textured'))
)
roles = dict(
    train=dict(A=[dict(where=_red, count=1256)], B=[dict(where=_textured, count=1100), dict(where=_few, count=100)]),
    test=dict(A=[dict(where=_red, count=100)]),
    metric=[dict(where=dict(color=c, texture=t), count=500) for c in ('red', 'black') for t in ('flat', 'textured')],
)
