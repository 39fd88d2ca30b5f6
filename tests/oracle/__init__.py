"""A second opinion on seven years of patients' lives, written from the rules page alone.

It is slow and simple on purpose: a day after the other, with the page's own sentences as code. It imports nothing of
the gateway and nothing that must be installed (tests/test_layers.py holds that), so that where it and the plugins agree
they agree by the page. `script` says what happens to a patient, `expected` what must come of it; READINGS.md says how
the page was read where it leaves room.
"""

from .expect import expected as expected
from .expect import script as script
from .life import Expected as Expected
from .life import Patient as Patient
from .population import population as population
