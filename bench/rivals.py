"The networks that the generators are raced against, and the table of all that run."

from time import perf_counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from alive_scene.film import FilmGenerator
from alive_scene.generator import BaseGenerator, SirenGenerator, train_timed
from alive_scene.morph import MorphGenerator
from alive_scene.siren import MLP
from alive_scene.strokes import StrokeGenerator

# HNeRV, its own code, batch 2, decoder of about this size, 60 s on two cores: measured once, elsewhere
HNERV = {"PSNR seen": 26.6, "frames a second": 57, "numbers": 521_000}


class ReluGenerator(SirenGenerator):
    "The published pixel network with ReLU in place of the sine: the same inputs, torch's own initialization."

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.siren = MLP(self.siren.net[0].in_features, self.config["hidden_dim"], 3)


class ConvGenerator(BaseGenerator):
    """A decoder in the manner of NeRV (Chen et al. 2021).

    A small MLP, then convolutions that double the side by pixel shuffling.
    """

    def __init__(self, height, width, embed, dims=16, widths=(64, 64, 32, 24, 16, 16)):
        super().__init__()
        self.config = dict(height=height, width=width, embed=embed, dims=dims)
        self.register_buffer("centre", torch.zeros(embed))
        self.register_buffer("axes", torch.zeros(embed, dims))
        self.side = [-(-n // 32) for n in (height, width)]
        self.widths = widths
        self.stem = nn.Sequential(
            nn.Linear(dims, 256),
            nn.GELU(),
            nn.Linear(256, self.side[0] * self.side[1] * widths[0]),
            nn.GELU(),
        )
        blocks = [
            nn.Sequential(nn.Conv2d(a, 4 * b, 3, padding=1), nn.PixelShuffle(2), nn.GELU())
            for a, b in zip(widths, widths[1:], strict=False)
        ]
        self.blocks = nn.Sequential(*blocks, nn.Conv2d(widths[-1], 3, 3, padding=1), nn.Sigmoid())

    def forward(self, embeddings):
        x = self.stem((embeddings - self.centre) @ self.axes).view(
            len(embeddings), self.widths[0], *self.side
        )
        return self.blocks(x)[:, :, : self.config["height"], : self.config["width"]].permute(
            0, 2, 3, 1
        )

    def colors(self, embedding, view=None):
        return self(embedding)

    @classmethod
    def fit(
        cls, frames, embeddings, *, seconds=60, steps=None, seed=0, progress=False, on_step=None
    ):
        start = perf_counter()
        torch.manual_seed(seed)
        model = cls(*frames.shape[1:3], embeddings.shape[1])
        rng = torch.Generator().manual_seed(seed)
        true = torch.from_numpy(frames) / 255
        _, spread, directions = torch.linalg.svd(
            embeddings - embeddings.mean(0), full_matrices=False
        )
        model.centre.copy_(embeddings.mean(0))
        model.axes.copy_(directions[:16].T / spread[:16] * len(frames) ** 0.5)
        optimizer = torch.optim.Adam(model.parameters(), 2e-3)

        def loss():
            t = torch.randint(len(true), (2,), generator=rng)
            return F.mse_loss(model(embeddings[t]), true[t])

        def after(share):
            optimizer.param_groups[0]["lr"] = 2e-3 * (0.5 + 0.5 * np.cos(np.pi * share))
            if on_step:
                on_step(model, share)

        train_timed(
            loss,
            optimizer,
            seconds=seconds,
            steps=steps,
            start=start,
            progress=progress,
            after_step=after,
        )
        return model


MODELS = {
    "published SIREN": SirenGenerator,
    "ReLU": ReluGenerator,
    "NeRV-style": ConvGenerator,
    "film network": FilmGenerator,
    "ours": StrokeGenerator,
    "ours, moving": MorphGenerator,
    "ours, of pixel-PCA": StrokeGenerator,  # no CLIP: PixelEncoder says where a frame lies
}
