"""Grade an answer of an exercise against the library: got, wanted, hint, and both in one picture.
A script beside the lessons, not a part of the library: from grading import graded"""

import matplotlib.pyplot as plt
import numpy as np
import torch


def as_array(value):
    "Whatever an answer gave, as float64."
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    return np.asarray(value, dtype=np.float64)


def copied(arguments):
    "Arguments of their own for each call: an answer may change them in place."
    for each in arguments:
        if isinstance(each, torch.Tensor):
            yield each.clone()
        else:
            yield each.copy() if isinstance(each, np.ndarray) else each


def told(case, got, wanted, hint):
    "What a wrong answer is told."
    return f"{case}\n  got     {got}\n  wanted  {wanted}\n  hint    {hint}"


def compared(case, got, wanted, hint, close):
    "Raises AssertionError where the two differ most, if by more than `close`."
    off = np.abs(got - wanted)
    off = np.where(np.isnan(off), np.inf, off)
    worst = np.unravel_index(off.argmax(), off.shape)
    where = f", at {tuple(int(i) for i in worst)} of {got.shape}" if worst else ""
    assert off[worst] <= close, told(case, f"{got[worst]:.4g}{where}", f"{wanted[worst]:.4g}", hint)


def graded(answer, library, cases, hint, *, picture=None, close=1e-4):
    """Ask an answer and the library the same, case by case; a sentence that begins with right or not yet.

    `cases` is {its name: its arguments}, `close` the largest difference that counts as none.
    `picture` takes {case: got} and {case: wanted} and draws them. It is shown before the verdict,
    so that a wrong answer can be seen. Raises AssertionError for a wrong answer."""
    got = {}
    wanted = {}
    for case, arguments in cases.items():
        said = answer(*copied(arguments))
        if said is None and not got:
            return f"not yet: write {answer.__name__} above, and run this cell again"
        assert said is not None, told(case, "nothing", "an answer, as in the case before", hint)
        got[case] = as_array(said)
        wanted[case] = as_array(library(*copied(arguments)))
        shapes = got[case].shape, wanted[case].shape
        assert shapes[0] == shapes[1], told(case, *(f"the shape {shape}" for shape in shapes), hint)
    if picture:
        picture(got, wanted)
        plt.show()
    for case in cases:
        compared(case, got[case], wanted[case], hint, close)
    return f"right: in all {len(cases)} cases as the library has it"
