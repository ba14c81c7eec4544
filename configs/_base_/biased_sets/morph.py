# MORPH (thesis tables 5.1 to 5.3): young and old, ten men for each woman. The wanted change is the age, the bias the
# gender. The table has gender (M, F), age in years and ethnicity (African, European, Other).
_known = dict(ethnicity=['African', 'European'])
_young, _old = (dict(age=age, **_known) for age in (dict(max=30), dict(min=37)))
roles = dict(
    train={
        domain: [dict(where=dict(gender=g, **where), count=n) for g, n in (('M', 10000), ('F', 1000))]
        for domain, where in (('A', _young), ('B', _old))
    },
    test={
        domain: [dict(where=dict(gender=g, **where), count=200) for g in ('M', 'F')]
        for domain, where in (('A', _young), ('B', _old))
    },
    metric=dict(
        Ethnicity=[
            dict(where=dict(age=where['age'], ethnicity=e), count=1200)
            for e in ('African', 'European')
            for where in (_young, _old)
        ],
        Gender=[dict(where=dict(gender=g, **where), count=2000) for g in ('M', 'F') for where in (_young, _old)],
    ),
)
