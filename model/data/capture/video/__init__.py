"""A film of a person who dances, to a dance: `read_video`.

Enters: what a phone films. Leaves: `Captured` joints on a floor, in metres, 30 a second; unknown
(NaN) where the dancer was out of the picture; with the film's sound. docs/capture-video.md says how
to film.

    film.py      pictures, upright, with their times
    networks.py  the two networks
    people.py    who is in it
    follow.py    one person's landmarks
    measure.py   our joints of them, left and right kept apart
    solve.py     the likeliest motion of a body with fixed bones
    lift.py      floor, feet, and the two together
"""
