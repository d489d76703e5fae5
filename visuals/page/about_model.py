"""`python -m visuals.page.about_model MODEL`: the styles of weights, as JSON on standard output."""

import json
import sys

from live.dance.performer import Performer

if __name__ == "__main__":
    print(json.dumps(Performer(sys.argv[1]).styles))
