"""The codes with which a TA1 and a 999 answer, each with a name and with our own short words for it.

The codes are text as it stands on the wire (`SegmentCode.MISSING == "3"`), so that a code just read finds its words:
`IK3_CODES.get("3")`. The words are the middle of a sentence; the verdicts stand before, what to do behind.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class InterchangeVerdict(enum.StrEnum):
    """TA104: the answer to an interchange."""

    ACCEPTED = "A"
    ERRORS_NOTED = "E"
    REJECTED = "R"


class SetVerdict(enum.StrEnum):
    """IK501: the answer to a transaction set. M, W and X are rejections for its security."""

    ACCEPTED = "A"
    ERRORS_NOTED = "E"
    REJECTED = "R"
    AUTHENTICATION_FAILED = "M"
    ASSURANCE_FAILED = "W"
    DECRYPTED_UNREADABLE = "X"


class GroupVerdict(enum.StrEnum):
    """AK901: the answer to a group. P: some of its transaction sets were rejected, and the others accepted."""

    ACCEPTED = "A"
    ERRORS_NOTED = "E"
    PARTLY_ACCEPTED = "P"
    REJECTED = "R"
    AUTHENTICATION_FAILED = "M"
    ASSURANCE_FAILED = "W"
    DECRYPTED_UNREADABLE = "X"


class SegmentCode(enum.StrEnum):
    """IK304: what is wrong with a segment."""

    UNKNOWN = "1"
    UNEXPECTED = "2"
    MISSING = "3"
    LOOP_TOO_OFTEN = "4"
    TOO_OFTEN = "5"
    NOT_IN_SET = "6"
    OUT_OF_ORDER = "7"
    ELEMENTS_WRONG = "8"
    NOT_USED = "I4"
    SITUATION_MISSING = "I6"
    LOOP_TOO_FEW = "I7"
    TOO_FEW = "I8"
    SITUATION_NOT_USED = "I9"


class ElementCode(enum.StrEnum):
    """IK403: what is wrong with an element."""

    MISSING = "1"
    CONDITION_MISSING = "2"
    TOO_MANY_ELEMENTS = "3"
    TOO_SHORT = "4"
    TOO_LONG = "5"
    BAD_CHARACTER = "6"
    BAD_CODE = "7"
    BAD_DATE = "8"
    BAD_TIME = "9"
    EXCLUDED = "10"
    TOO_MANY_REPEATS = "12"
    TOO_MANY_COMPONENTS = "13"
    CODE_NOT_USED = "I6"
    SITUATION_MISSING = "I9"
    NOT_USED = "I10"
    TOO_FEW_REPEATS = "I11"
    BAD_FORM = "I12"
    SITUATION_NOT_USED = "I13"


class SetCode(enum.StrEnum):
    """IK502 to IK506: what is wrong with a transaction set."""

    NOT_SUPPORTED = "1"
    TRAILER_MISSING = "2"
    NUMBERS_DIFFER = "3"
    SEGMENT_COUNT = "4"
    SEGMENTS_WRONG = "5"
    BAD_KIND = "6"
    BAD_NUMBER = "7"
    AUTHENTICATION_KEY = "8"
    ENCRYPTION_KEY = "9"
    NO_SUCH_SERVICE = "10"
    SECURITY_RECEIVER = "11"
    ENCRYPTED_LENGTH = "12"
    AUTHENTICATION_FAILED = "13"
    SECURITY_SENDER = "15"
    DECRYPTED_UNREADABLE = "16"
    SECURITY_NOT_SUPPORTED = "17"
    NOT_IN_GROUP = "18"
    BAD_GUIDE_VERSION = "19"
    NUMBER_USED_TWICE = "23"
    S3E_MISSING = "24"
    S3S_MISSING = "25"
    S4E_MISSING = "26"
    S4S_MISSING = "27"
    GUIDE_BROKEN = "I5"
    GUIDE_NOT_SUPPORTED = "I6"


class GroupCode(enum.StrEnum):
    """AK905 to AK909: what is wrong with a group."""

    NOT_SUPPORTED = "1"
    VERSION_NOT_SUPPORTED = "2"
    TRAILER_MISSING = "3"
    NUMBERS_DIFFER = "4"
    SET_COUNT = "5"
    BAD_NUMBER = "6"
    AUTHENTICATION_KEY = "10"
    ENCRYPTION_KEY = "11"
    NO_SUCH_SERVICE = "12"
    SECURITY_RECEIVER = "13"
    SECURITY_SENDER = "14"
    DECRYPTED_UNREADABLE = "15"
    SECURITY_NOT_SUPPORTED = "16"
    ENCRYPTED_LENGTH = "17"
    AUTHENTICATION_FAILED = "18"
    NUMBER_USED_TWICE = "19"
    S3E_MISSING = "23"
    S3S_MISSING = "24"
    S4E_MISSING = "25"
    S4S_MISSING = "26"


class InterchangeCode(enum.StrEnum):
    """TA105: what is wrong with an interchange."""

    NO_ERROR = "000"
    NUMBERS_DIFFER = "001"
    STANDARD_NOT_SUPPORTED = "002"
    VERSION_NOT_SUPPORTED = "003"
    SEGMENT_TERMINATOR = "004"
    SENDER_QUALIFIER = "005"
    SENDER = "006"
    RECEIVER_QUALIFIER = "007"
    RECEIVER = "008"
    RECEIVER_UNKNOWN = "009"
    AUTHORIZATION_QUALIFIER = "010"
    AUTHORIZATION = "011"
    SECURITY_QUALIFIER = "012"
    SECURITY = "013"
    BAD_DATE = "014"
    BAD_TIME = "015"
    REPETITION_SEPARATOR = "016"
    BAD_VERSION = "017"
    BAD_NUMBER = "018"
    ACKNOWLEDGMENT_REQUEST = "019"
    USAGE = "020"
    GROUP_COUNT = "021"
    BAD_STRUCTURE = "022"
    ENDS_TOO_EARLY = "023"
    BAD_CONTENT = "024"
    NUMBER_USED_BEFORE = "025"
    ELEMENT_SEPARATOR = "026"
    COMPONENT_SEPARATOR = "027"
    DEFERRED_DATE = "028"
    DEFERRED_TIME = "029"
    DEFERRED_TIME_CODE = "030"
    GRADE_OF_SERVICE = "031"


IK3_CODES: Mapping[str, str] = {
    SegmentCode.UNKNOWN: "the segment is not known",
    SegmentCode.UNEXPECTED: "the segment does not belong there",
    SegmentCode.MISSING: "a required segment is missing",
    SegmentCode.LOOP_TOO_OFTEN: "the loop repeats too often",
    SegmentCode.TOO_OFTEN: "the segment repeats too often",
    SegmentCode.NOT_IN_SET: "the segment is not in this transaction set",
    SegmentCode.OUT_OF_ORDER: "the segment is out of order",
    SegmentCode.ELEMENTS_WRONG: "an element in it is wrong",
    SegmentCode.NOT_USED: "the guide does not use this segment",
    SegmentCode.SITUATION_MISSING: "a segment that the rest calls for is missing",
    SegmentCode.LOOP_TOO_FEW: "the loop is there too few times",
    SegmentCode.TOO_FEW: "the segment is there too few times",
    SegmentCode.SITUATION_NOT_USED: "a segment stands there that the rest rules out",
}
"""The words of IK304, by code."""

IK4_CODES: Mapping[str, str] = {
    ElementCode.MISSING: "a required element is missing",
    ElementCode.CONDITION_MISSING: "an element that another one calls for is missing",
    ElementCode.TOO_MANY_ELEMENTS: "there are too many elements",
    ElementCode.TOO_SHORT: "the value is too short",
    ElementCode.TOO_LONG: "the value is too long",
    ElementCode.BAD_CHARACTER: "the value has a character that is not allowed",
    ElementCode.BAD_CODE: "the value is not one of the allowed codes",
    ElementCode.BAD_DATE: "the date is not valid",
    ElementCode.BAD_TIME: "the time is not valid",
    ElementCode.EXCLUDED: "the element may not stand beside another one",
    ElementCode.TOO_MANY_REPEATS: "the element repeats too often",
    ElementCode.TOO_MANY_COMPONENTS: "there are too many components",
    ElementCode.CODE_NOT_USED: "the guide does not use this code",
    ElementCode.SITUATION_MISSING: "an element that the situation calls for is missing",
    ElementCode.NOT_USED: "the guide does not use this element",
    ElementCode.TOO_FEW_REPEATS: "the element is there too few times",
    ElementCode.BAD_FORM: "the value does not have the right form",
    ElementCode.SITUATION_NOT_USED: "an element stands there that the situation rules out",
}
"""The words of IK403, by code."""

IK5_CODES: Mapping[str, str] = {
    SetCode.NOT_SUPPORTED: "the transaction set is not supported",
    SetCode.TRAILER_MISSING: "the trailer (SE) is missing",
    SetCode.NUMBERS_DIFFER: "the control numbers of ST and SE differ",
    SetCode.SEGMENT_COUNT: "the number of segments (SE01) is wrong",
    SetCode.SEGMENTS_WRONG: "segments in it are wrong",
    SetCode.BAD_KIND: "the transaction set id is missing or wrong",
    SetCode.BAD_NUMBER: "the control number is missing or wrong",
    SetCode.AUTHENTICATION_KEY: "the key's name in its authentication is not known",
    SetCode.ENCRYPTION_KEY: "the key's name in its encryption is not known",
    SetCode.NO_SUCH_SERVICE: "the security service asked for is not offered",
    SetCode.SECURITY_RECEIVER: "the receiver of the security is not known",
    SetCode.ENCRYPTED_LENGTH: "the length of the encrypted message is wrong",
    SetCode.AUTHENTICATION_FAILED: "the message authentication code is wrong",
    SetCode.SECURITY_SENDER: "the sender of the security is not known",
    SetCode.DECRYPTED_UNREADABLE: "what was decrypted cannot be read",
    SetCode.SECURITY_NOT_SUPPORTED: "security is not supported",
    SetCode.NOT_IN_GROUP: "the transaction set does not belong in this group",
    SetCode.BAD_GUIDE_VERSION: "the guide's version in it (ST03) is not valid",
    SetCode.NUMBER_USED_TWICE: "the control number (ST02) was used twice in the group",
    SetCode.S3E_MISSING: "S3S has no S3E",
    SetCode.S3S_MISSING: "S3E has no S3S",
    SetCode.S4E_MISSING: "S4S has no S4E",
    SetCode.S4S_MISSING: "S4E has no S4S",
    SetCode.GUIDE_BROKEN: "the guide's rules are broken",
    SetCode.GUIDE_NOT_SUPPORTED: "the guide is not supported",
}
"""The words of IK502 to IK506, by code."""

AK9_CODES: Mapping[str, str] = {
    GroupCode.NOT_SUPPORTED: "the group is not supported",
    GroupCode.VERSION_NOT_SUPPORTED: "the version is not supported",
    GroupCode.TRAILER_MISSING: "the trailer (GE) is missing",
    GroupCode.NUMBERS_DIFFER: "the control numbers of GS and GE differ",
    GroupCode.SET_COUNT: "the number of transaction sets (GE01) is wrong",
    GroupCode.BAD_NUMBER: "the control number is not valid",
    GroupCode.AUTHENTICATION_KEY: "the key's name in its authentication is not known",
    GroupCode.ENCRYPTION_KEY: "the key's name in its encryption is not known",
    GroupCode.NO_SUCH_SERVICE: "the security service asked for is not offered",
    GroupCode.SECURITY_RECEIVER: "the receiver of the security is not known",
    GroupCode.SECURITY_SENDER: "the sender of the security is not known",
    GroupCode.DECRYPTED_UNREADABLE: "what was decrypted cannot be read",
    GroupCode.SECURITY_NOT_SUPPORTED: "security is not supported",
    GroupCode.ENCRYPTED_LENGTH: "the length of the encrypted message is wrong",
    GroupCode.AUTHENTICATION_FAILED: "the message authentication code is wrong",
    GroupCode.NUMBER_USED_TWICE: "the control number (GS06) was used before",
    GroupCode.S3E_MISSING: "S3S has no S3E",
    GroupCode.S3S_MISSING: "S3E has no S3S",
    GroupCode.S4E_MISSING: "S4S has no S4E",
    GroupCode.S4S_MISSING: "S4E has no S4S",
}
"""The words of AK905 to AK909, by code."""

TA1_NOTES: Mapping[str, str] = {
    InterchangeCode.NO_ERROR: "no error",
    InterchangeCode.NUMBERS_DIFFER: "the control number in its trailer differs from its header",
    InterchangeCode.STANDARD_NOT_SUPPORTED: "the standards id is not accepted",
    InterchangeCode.VERSION_NOT_SUPPORTED: "the version is not accepted",
    InterchangeCode.SEGMENT_TERMINATOR: "the segment terminator is not accepted",
    InterchangeCode.SENDER_QUALIFIER: "the sender's id qualifier (ISA05) is not accepted",
    InterchangeCode.SENDER: "the sender's id (ISA06) is not known to the partner",
    InterchangeCode.RECEIVER_QUALIFIER: "the receiver's id qualifier (ISA07) is not accepted",
    InterchangeCode.RECEIVER: "the receiver's id (ISA08) is not accepted",
    InterchangeCode.RECEIVER_UNKNOWN: "the receiver is not known to the partner",
    InterchangeCode.AUTHORIZATION_QUALIFIER: "the authorization qualifier (ISA01) is not accepted",
    InterchangeCode.AUTHORIZATION: "the authorization (ISA02) is not accepted",
    InterchangeCode.SECURITY_QUALIFIER: "the security qualifier (ISA03) is not accepted",
    InterchangeCode.SECURITY: "the security information (ISA04) is not accepted",
    InterchangeCode.BAD_DATE: "the date (ISA09) is not valid",
    InterchangeCode.BAD_TIME: "the time (ISA10) is not valid",
    InterchangeCode.REPETITION_SEPARATOR: "the repetition separator or standards id (ISA11) is not accepted",
    InterchangeCode.BAD_VERSION: "the version (ISA12) is not accepted",
    InterchangeCode.BAD_NUMBER: "the control number (ISA13) is not valid",
    InterchangeCode.ACKNOWLEDGMENT_REQUEST: "the acknowledgment request (ISA14) is not valid",
    InterchangeCode.USAGE: "the usage indicator (ISA15) is not valid here: test and production must not be mixed",
    InterchangeCode.GROUP_COUNT: "the number of groups (IEA01) is wrong",
    InterchangeCode.BAD_STRUCTURE: "the envelope's structure is not accepted",
    InterchangeCode.ENDS_TOO_EARLY: "the file ends too early",
    InterchangeCode.BAD_CONTENT: "its content is not accepted",
    InterchangeCode.NUMBER_USED_BEFORE: "this control number has been used before",
    InterchangeCode.ELEMENT_SEPARATOR: "the element separator is not accepted",
    InterchangeCode.COMPONENT_SEPARATOR: "the component separator is not accepted",
    InterchangeCode.DEFERRED_DATE: "the date asked for a later delivery is not valid",
    InterchangeCode.DEFERRED_TIME: "the time asked for a later delivery is not valid",
    InterchangeCode.DEFERRED_TIME_CODE: "the kind of time asked for a later delivery is not valid",
    InterchangeCode.GRADE_OF_SERVICE: "the grade of service asked for is not valid",
}
"""The words of TA105, by code."""
