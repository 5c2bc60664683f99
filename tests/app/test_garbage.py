"""Cyclic garbage dies on the window's thread, for VTK objects that died elsewhere froze it."""

import gc
import weakref

from PySide6.QtWidgets import QWidget

from surgiplan.app.garbage import MainThreadGarbage


class Knot:
    """Something that only the cyclic collector can free."""

    def __init__(self):
        self.itself = self


def test_nothing_is_collected_by_itself_while_any_window_lives(qtbot):
    first, second = QWidget(), QWidget()
    qtbot.addWidget(first)
    qtbot.addWidget(second)
    garbage = MainThreadGarbage(first), MainThreadGarbage(second)
    assert not gc.isenabled()
    garbage[0].close()
    assert not gc.isenabled()
    garbage[1].close()
    assert gc.isenabled()


def test_the_window_s_own_thread_collects(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    garbage = MainThreadGarbage(window)
    dead = weakref.ref(Knot())
    many = [[] for _ in range(5000)]
    qtbot.waitUntil(lambda: dead() is None, timeout=10_000)
    garbage.close()
    assert len(many) == 5000
