"""A short video becomes a scene that goes on by itself. The façade is alive_scene.alive.AliveScene."""

__version__ = "0.1.0"

# Where public names were before 0.2 and are now: room -> {name: its new room}. They answer for one version.
OLD_PLACES = {
    "scene": {"read_scene": "reader", "napping_cat": "actors", "portrait": "actors"},
    "vae": {"motions": "path", "densify": "path"},
    "generator": {"StrokeGenerator": "strokes"},
    "rollout": {
        "nearest": "path",
        "vital_signs": "vitals",
        "missing": "vitals",
        "plot_vital_signs": "vitals",
        "response": "vitals",
        "TARGETS": "vitals",
    },
    "behavior": {
        **dict.fromkeys(("VideoTexture", "FlowBehavior", "PeerState"), "peers"),
        **dict.fromkeys(("affinity", "balance", "plan", "sparse_plan", "there_and_back"), "plan"),
        **dict.fromkeys(("video_of", "path_ends", "draw_place"), "plan"),
    },
    "player": {"MapExplorer": "explorer"},
}


def old_place(
    room: str,  # a module's `__name__`
) -> object:  # the module's `__getattr__`
    "What a room answers when it is asked for a name that has moved: the name, with a warning."

    def __getattr__(name: str) -> object:
        home = OLD_PLACES.get(room.removeprefix("alive_scene."), {}).get(name)  # none in a notebook
        if home is None:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        import warnings
        from importlib import import_module

        warnings.warn(
            f"{name} has moved: from alive_scene.{home} import {name}",
            FutureWarning,
            stacklevel=2,
        )
        return getattr(import_module(f"alive_scene.{home}"), name)

    return __getattr__
