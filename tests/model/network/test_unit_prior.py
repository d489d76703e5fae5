"""What to dance next: a choice that is a function of noise, with a short memory across bars."""

import numpy as np
import pytest
import torch

from live.dance.contract import clock_vector
from model.network.config import DecoderConfig
from model.network.decoder import PoseDecoder
from model.network.unit_prior import UnitPrior, within_bar

NOISE, LATENT, CONDITION, UNITS = 3, 5, 7, 4


def prior(**settings) -> UnitPrior:
    torch.manual_seed(0)
    sizes = {"latent_dim": NOISE, "unit_dim": LATENT, "units": UNITS, "prior_width": 48}
    return UnitPrior(DecoderConfig(**{**sizes, "codes": 200, **settings}), CONDITION - 2, 2)


def clock_at(beat: float, count: int = 1) -> torch.Tensor:
    return torch.as_tensor(clock_vector(np.full(count, beat), 120.0))


@pytest.mark.parametrize(
    ("beat", "within"),
    [
        (0.03, [False, False, False, False]),
        (1.02, [True, False, False, False]),
        (2.06, [True, True, False, False]),
        (3.01, [True, True, True, False]),
        (4.0, [False, False, False, False]),
        (7.05, [True, True, True, False]),
    ],
)
def test_the_bar_of_a_beat_holds_the_beats_since_its_first(beat, within):
    assert within_bar(clock_at(beat), UNITS).tolist() == [within]


@pytest.mark.parametrize("late", [0.0, 0.08])
def test_a_bar_of_three_reaches_back_to_its_own_first_beat(late):
    """Also a frame late, at the fastest tempo."""
    for beat in range(6):
        clock = torch.as_tensor(clock_vector(np.array([beat + late]), 150.0, metre=3))
        within = within_bar(clock, UNITS)[0].tolist()
        assert within == [i < beat % 3 for i in range(UNITS)]


def test_what_was_danced_before_a_forgotten_bar_changes_nothing():
    """With the memory all in fog, two dancers come together at the first beat of a bar."""
    chooser = prior(fog_before=1.0, fog_within=0.0, liveliness=False)
    condition, noise = torch.randn(1, CONDITION), torch.randn(1, NOISE)
    one, other = torch.randn(2, 1, UNITS, LATENT)
    none = torch.zeros(1, 0)
    at_one = [
        chooser.sample(condition, clock_at(4.0), units, none, noise) for units in (one, other)
    ]
    torch.testing.assert_close(*at_one)
    clear = torch.zeros(1, UNITS)
    seen = [chooser.logits(condition, units, clear, none) for units in (one, other)]
    assert (seen[0] - seen[1]).abs().max() > 1e-2  # within a bar, it does


def test_a_first_beat_remembers_nothing():
    """Beats never danced count as unknown, not as beats of zeros."""
    chooser = prior(fog_before=0.0)
    condition, noise = torch.randn(1, CONDITION), torch.randn(1, NOISE)
    _, _, blank, lively = nothing_known(1)
    seen = chooser.sample(condition, clock_at(0.0), blank, lively, noise)
    fogged = prior(fog_before=1.0)
    fogged.load_state_dict(chooser.state_dict())
    torch.testing.assert_close(seen, fogged.sample(condition, clock_at(0.0), blank, lively, noise))


def two_ways(count: int) -> torch.Tensor:
    """Latents of which half are near +2 and half near -2: no dancer does the middle."""
    side = torch.where(torch.rand(count, 1) < 0.5, 2.0, -2.0)
    return side + 0.1 * torch.randn(count, LATENT)


def nothing_known(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """But the style, which is the last."""
    condition = torch.zeros(count, CONDITION)
    condition[:, -1] = 1.0
    blank = torch.zeros(count, UNITS, LATENT)
    return condition, clock_at(0.0, count), blank, torch.zeros(count, 1)


def test_it_learns_both_of_two_ways_and_not_the_middle():
    chooser = prior(codes=16)
    torch.manual_seed(1)
    chooser.fit_codes(two_ways(256))
    assert (chooser.codes.mean(dim=1).abs() > 1.5).all()
    optimiser = torch.optim.Adam(chooser.parameters(), lr=3e-3)
    for _ in range(60):
        loss = chooser.loss(two_ways(64), *nothing_known(64), draws=2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    made = chooser.sample(*nothing_known(500), torch.randn(500, NOISE)).mean(dim=1).detach()
    assert 0.35 < (made > 0).float().mean() < 0.65


@pytest.mark.parametrize("told", [False, True])
def test_who_stood_still_before_the_bar_line_may_go_on_standing(told):
    """One unit of eight is still, and followed by another that is: seen from behind the fog, that
    is seldom; by how lively it was, it is what comes next."""
    chooser = prior(codes=16, liveliness=told, fog_before=1.0)
    torch.manual_seed(1)

    def follows(count: int, still: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Latents, those before them, and how lively the last of these were."""
        side = torch.where(torch.rand(count, 1) < still, 2.0, -2.0)
        danced, one = (side + 0.3 * torch.randn(count, LATENT) for _ in range(2))
        before = torch.stack([one, *torch.randn(UNITS - 1, count, LATENT)], dim=1)
        return danced, before, -side[:, : int(told)]

    chooser.fit_codes(follows(256, 0.125)[0])
    optimiser = torch.optim.Adam(chooser.parameters(), lr=3e-3)
    for _ in range(120):
        danced, before, lively = follows(64, 0.125)
        condition, clock, *_ = nothing_known(64)
        loss = chooser.loss(danced, condition, clock, before, lively, draws=2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    _, before, lively = follows(400, 1.0)
    condition, clock, *_ = nothing_known(400)
    made = chooser.sample(condition, clock, before, lively, torch.randn(400, NOISE))
    share = float((made.mean(dim=1) > 0).float().mean())
    assert share > 0.8 if told else share < 0.5


def test_codes_are_the_middles_of_clusters():
    torch.manual_seed(2)
    centres = 5 * torch.randn(8, LATENT)
    units = centres[torch.arange(400) % 8] + 0.05 * torch.randn(400, LATENT)
    chooser = prior(codes=24)
    chooser.fit_codes(units)
    assert (chooser.nearest(units) - units).norm(dim=-1).mean() < 0.15
    assert chooser.nearness(units).argmax(dim=1).unique().numel() >= 8


def test_a_style_dances_no_code_that_was_not_found_in_its_dances():
    """However likely the network finds it; of a mix, each style's as often as it has a share."""
    chooser = prior(codes=40)
    torch.manual_seed(4)
    units = two_ways(400)
    side = (units.mean(dim=1) > 0).long()
    chooser.fit_codes(units, torch.eye(2)[side])
    with torch.no_grad():
        chooser.out.weight.zero_()
        chooser.out.bias.copy_(4.0 * (chooser.codes.mean(dim=1) > 0))
    _, clock, blank, lively = nothing_known(1000)

    def upper(style: list[float]) -> float:
        condition = torch.zeros(1000, CONDITION)
        condition[:, -2:] = torch.tensor(style)
        made = chooser.sample(condition, clock, blank, lively, torch.randn(1000, NOISE))
        return float((made.mean(dim=1) > 0).float().mean())

    assert upper([1.0, 0.0]) == 0.0
    assert upper([0.0, 1.0]) == 1.0
    with torch.no_grad():
        chooser.out.bias.zero_()
    assert 0.2 < upper([0.5, 0.5]) < 0.8


def test_noise_becomes_gumbel_variables():
    chooser = prior(codes=40)
    drawn = chooser.gumbel(torch.randn(20_000, NOISE))
    assert abs(float(drawn.mean()) - 0.577) < 0.02  # Euler's constant
    assert abs(float(drawn.std()) - np.pi / np.sqrt(6)) < 0.03
    assert torch.isfinite(chooser.gumbel(torch.full((1, NOISE), 60.0))).all()
    still = chooser.gumbel(torch.zeros(1, NOISE))
    assert (still == still[0, 0]).all()  # no temperature: the likeliest unit


def test_the_same_noise_chooses_the_same_unit_in_contexts_that_differ_a_little():
    """And nearly the same noise nearly always does: a score can be danced again, and varied."""
    chooser = prior(codes=64)
    torch.manual_seed(3)
    torch.nn.init.normal_(chooser.out.bias)
    noise = torch.randn(400, NOISE)
    condition, clock, blank, lively = nothing_known(400)

    def chosen(condition: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        return chooser.sample(condition, clock, blank, lively, noise)

    one = chosen(condition, noise)

    def agreement(other: torch.Tensor) -> float:
        return float((one == other).all(dim=-1).float().mean())

    assert agreement(chosen(condition + 0.1, noise)) > 0.9
    assert agreement(chosen(condition, noise + 0.03)) > 0.8
    assert agreement(chosen(condition, noise.roll(1, dims=0))) < 0.2


def test_what_is_far_less_likely_than_the_likeliest_is_never_chosen():
    """Thousands of codes of other styles, each unlikely, would together be chosen now and then."""
    chooser = prior(codes=500, margin=3.0)
    with torch.no_grad():
        chooser.out.weight.zero_()
        chooser.out.bias.fill_(-4.0)
        chooser.out.bias[:2] = torch.tensor([0.0, -2.0])
    made = chooser.sample(*nothing_known(2000), torch.randn(2000, NOISE))
    chosen = torch.cdist(made, chooser.codes).argmin(dim=1).bincount(minlength=500)
    assert chosen[2:].sum() == 0
    assert chosen[:2].min() > 0


def small_decoder(**settings) -> PoseDecoder:
    torch.manual_seed(0)
    config = DecoderConfig(
        hidden=16, latent_dim=NOISE, unit_dim=LATENT, units=UNITS, prior_width=16, codes=50,
        fog_before=0.0, **settings,
    )  # fmt: skip
    return PoseDecoder(config, music_width=4, n_styles=2)


@pytest.mark.parametrize("forgets", [True, False])
def test_who_begins_anew_has_danced_nothing_before(forgets):
    """Networks of before take the switch for nothing."""
    decoder, dancers = small_decoder(forgets=forgets), 40
    music, noise = torch.randn(1, 4).expand(dancers, -1), torch.randn(2, dancers, NOISE)
    style = torch.eye(2)[:1].expand(dancers, -1)
    danced = {"units": torch.randn(dancers, UNITS, LATENT), "phase": torch.full((dancers, 1), -2.1)}
    nothing = danced | {"units": torch.zeros(dancers, UNITS, LATENT)}

    def two_beats(anew: float, state: dict[str, torch.Tensor]) -> torch.Tensor:
        for beat, asked, drawn in ((2.0, anew, noise[0]), (3.0, 0.0, noise[1])):
            control = torch.tensor([[0.0, 0.0, 0.0, asked]]).expand(dancers, -1)
            clock = clock_at(beat, dancers)
            condition = decoder.conditions(music, clock, style, control)
            state = state | {"units": decoder.renewed(condition, clock, drawn, state)}
        return state["units"]

    remembered, unknown = two_beats(0.0, danced), two_beats(0.0, nothing)
    assert not torch.equal(remembered[:, :2], unknown[:, :2])
    assert torch.equal(two_beats(1.0, danced), unknown if forgets else remembered)


def test_the_switch_to_begin_anew_is_no_size():
    """It says nothing between the beats, and no layer hears it."""
    decoder = small_decoder()
    state = decoder.initial_state(1) | {"phase": torch.full((1, 1), -1.5)}
    poses = [
        decoder.step(
            decoder.conditions(
                torch.ones(1, 4), clock_at(0.3), torch.eye(2)[:1],
                torch.tensor([[0.0, 0.0, 0.0, asked]]),
            ),
            clock_at(0.3), torch.ones(1, NOISE), state,
        )[0]
        for asked in (0.0, 1.0)
    ]  # fmt: skip
    assert torch.equal(*poses)


def test_units_move_back_on_a_beat_and_rest_between():
    decoder = small_decoder()
    condition = decoder.conditions(
        torch.randn(1, 4), clock_at(0.0), torch.eye(2)[:1], torch.zeros(1, 4)
    )
    state, seen = decoder.initial_state(1), []
    for beat in (0.1, 0.5, 0.9, 1.1, 1.6, 2.1):
        _, state = decoder.step(condition, clock_at(beat), torch.randn(1, NOISE), state)
        seen.append(state["units"])
    torch.testing.assert_close(seen[0], seen[2])
    torch.testing.assert_close(seen[3][:, 1:], seen[2][:, :-1])
    torch.testing.assert_close(seen[5][:, 1:], seen[4][:, :-1])
    assert (seen[5][0, :3].abs().sum(dim=-1) > 0).all()
    assert not seen[5][0, 3].any()
