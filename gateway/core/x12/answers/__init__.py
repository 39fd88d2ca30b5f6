"""What is answered to a file: TA1, 999 (005010X231A1) and 277CA (005010X214). Findings in, segments out."""
