"""The table of 6.4, as the page has it: is an adjustment's reason a denial, and of which category.

N no denial, Y denial, P pending or information, V depends on amount and remark.
"""

from __future__ import annotations

_NO_DENIAL = {
    "PATIENT_RESP": "1 2 3 66 85 142 187 201 247 248",
    "COB_INFO": "23 209",
    "CONTRACTUAL": "44 45 90 91 94 103 122 131 137 139 144 223 229 235 260 281",
    "PAID_TO_PATIENT": "100",
    "WITHHOLD": "104 105",
    "FEE": "130 262 263 264",
    "PENALTY": "237 B4",
    "INFO": "246",
    "SEQUESTRATION": "253",
    "REFUND": "A0",
}
_PENDING = {
    "PREDETERMINATION": "101",
    "COB_INFO": "102 195",
    "PENDED": "133 143 257",
    "WRONG_PAYER": "B11",
}
_DEPENDS = {
    "PATIENT_RESP": "106 121",
    "CONTRACTUAL": "118 132 186 203",
    "ALT_BENEFIT": "169",
    "PROVIDER": "172",
    "UNMAPPED": "192",
    "COB": "215",
    "OTHER": "259",
    "BUNDLED": "B10",
    "CODING_DX": "B22",
}
_DENIAL = {
    "CODING_MODIFIER": "4 182",
    "CODING_POS": "5 58",
    "CODING": "6 7 135 181 189 199 211 282",
    "PROVIDER": "8 170 171 183 184 185 206 207 208 283 299 B7 B23",
    "CODING_DX": "9 10 11 12 146 167 240",
    "ELIGIBILITY": "13 14 26 27 31 32 33 34 128 140 177 179 180 200 238 258 A6",
    "MISSING_INFO": "16",
    "DUPLICATE": "18 B13",
    "COB": "19 20 21 22 136 219 276",
    "COB_MANAGED": "24",
    "TIMELY_FILING": "29",
    "BENEFIT_MAX": "35 149",
    "AUTH": "39 95 197 198 210 243 284 287 288 296 302",
    "MEDICAL_NECESSITY": "40 50 56 150 152 153 216 B8",
    "NON_COVERED": "49 51 53 54 55 96 114 188 202 204 233 289 B1",
    "BUNDLED": "59 97 231 234 236",
    "BUNDLED_INPATIENT": "60 190",
    "RELATED_ITEM": "107 B15",
    "RENTAL": "108",
    "WRONG_PAYER": "109 166 254 270 280",
    "CODING_DATE": "110 239 267 268",
    "ASSIGNMENT": "111",
    "DOCUMENTATION": "112 148 163 164 226 228 250 251 252 B12",
    "CANCELLED": "115 155",
    "ABN": "116",
    "FREQUENCY_MAX": "119 154 222 273 B14",
    "COB_INFO": "129",
    "CONTRACT": "147 256",
    "FREQUENCY_SAME_SIMILAR": "151 261",
    "ORDER": "173 174 175 176",
    "PATIENT_RESP": "178 275 303",
    "APPEAL_UPHELD": "193",
    "COMPLIANCE": "213 224",
    "PATIENT_INFO": "227",
    "NETWORK": "242 279",
    "OTHER": "249 A1 B16",
    "GUIDELINE": "272",
    "APPEAL_PROCESS": "285 286",
    "COB_HOSPICE": "B9",
    "OTHER_SUPPLIER": "B20",
}


def _read(answer: str, table: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {code: (answer, category) for category, codes in table.items() for code in codes.split()}


CARC: dict[str, tuple[str, str]] = {
    **_read("N", _NO_DENIAL),
    **_read("P", _PENDING),
    **_read("V", _DEPENDS),
    **_read("Y", _DENIAL),
}
"""By code: the letter of the page's column `D?`, and the category."""
