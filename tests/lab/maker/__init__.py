"""The parts of make-lab, which turns Debian's binary packages into RPM repositories."""
