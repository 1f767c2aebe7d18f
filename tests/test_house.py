import hipcalc


def test_imports() -> None:
    assert hipcalc.__doc__
