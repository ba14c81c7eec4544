# Biased makeup (thesis table 5.1): women with makeup; men without, and a few women. The wanted change is the makeup,
# the bias the gender. The table has gender (female, male) and makeup (yes, no).
_makeup, _women, _men = (dict(gender=g, makeup=m) for g, m in (('female', 'yes'), ('female', 'no'), ('male', 'no')))
roles = dict(
    train=dict(A=[dict(where=_makeup, count=1400)], B=[dict(where=_men, count=1330), dict(where=_women, count=70)]),
    test=dict(A=[dict(where=_makeup, count=100)], B=[dict(where=_men, count=100)]),
)
