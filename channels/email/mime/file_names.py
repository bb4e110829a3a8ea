"""What a part is called when it is kept: its own name made safe, or one that says what it is. Below bodies.py."""

from __future__ import annotations

import re
from mimetypes import MimeTypes

from channels.email.mime.headers import Headers, Tree
from channels.email.mime.parts import media_type_of
from channels.email.mime.tree import children_of
from channels.text import one_line

NAME_MAX_CHARACTERS = 120
_EXTENSION_MAX_CHARACTERS = 12
_TURNS_TEXT = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")  # `gpj.exe` must not read `exe.jpg`
_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|]+')
_CALLED = {
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "receipt.txt",
    "message/feedback-report": "complaint.txt",
    "text/rfc822-headers": "headers.txt",
    "text/calendar": "invitation.ics",
    "application/ics": "invitation.ics",
    "text/vcard": "contact.vcf",
    "text/x-vcard": "contact.vcf",
    "application/pgp-signature": "signature.asc",
    "application/pgp-keys": "key.asc",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
}
_EXTENSIONS = MimeTypes()  # Python's own table, not this machine's


def own_name(part: Tree) -> str:
    """The name a part was given, safe to show and to save under; nothing where it has none."""
    return safe_name(part.disposition["filename"] or part.content_type["name"])


def safe_name(written: str) -> str:
    """The last step of a path, whichever system wrote it, without what could mislead."""
    last = one_line(_TURNS_TEXT.sub("", written)).replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    name = _NOT_IN_NAMES.sub("_", last).strip(". ")
    if len(name) <= NAME_MAX_CHARACTERS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _EXTENSION_MAX_CHARACTERS:
        return name[:NAME_MAX_CHARACTERS]
    return stem[: NAME_MAX_CHARACTERS - len(extension) - 1] + dot + extension


def given_name(part: Tree, media_type: str, number: int) -> str:
    """A name for a part without one. `number`: the how manieth file of the mail it is."""
    if media_type in {"message/rfc822", "message/global"} and part.is_multipart():
        subject = safe_name(_NOT_IN_NAMES.sub(" ", Headers(children_of(part)[0]).text("Subject")))
        return f"{subject[: NAME_MAX_CHARACTERS - 4].strip(' .')}.eml" if subject else f"part-{number}.eml"
    called = _CALLED.get(media_type)
    if called is not None:
        return called
    extension = _EXTENSIONS.guess_extension(media_type) or ""
    if media_type.startswith("image/"):
        named = _named_by_content_id(part, extension)
        return named or f"image-{number}{extension}"
    return f"part-{number}{extension}"


def _named_by_content_id(part: Tree, extension: str) -> str:
    """`<image001.png@01DB…>` is how Outlook calls a picture."""
    local = safe_name(part.raw("Content-ID").strip(" <>\r\n").partition("@")[0])
    return local if extension and local.lower().endswith(extension) else ""


def name_of(part: Tree, number: int) -> str:
    """Its own, or a given one."""
    return own_name(part) or given_name(part, media_type_of(part), number)
