# Handbags-color (thesis tables 5.1 to 5.3): flat black bags; textured red ones, and a few flat. The wanted change is
# the colour, the bias the texture. The table has color (red, black) and texture (flat, textured).
_black, _textured, _flat = (
    dict(color=c, texture=t) for c, t in (('black', 'flat'), ('red', 'textured'), ('red', 'flat'))
)
roles = dict(
    train=dict(A=[dict(where=_black, count=755)], B=[dict(where=_textured, count=1000), dict(where=_flat, count=100)]),
    test=dict(A=[dict(where=_black, count=100)]),
    metric=[dict(where=dict(color=c, texture=t), count=500) for t in ('flat', 'textured') for c in ('red', 'black')],
)
