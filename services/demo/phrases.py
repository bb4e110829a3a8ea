"""What people of the demo say in whatever case it is, by language; the words of a problem are its own."""

from __future__ import annotations

HELLO = {
    "es": ("Buenos días:\n\n", "Hola,\n\n", "Buenas tardes:\n\n", ""),
    "en": ("Hello,\n\n", "Good morning,\n\n", "Hi,\n\n", ""),
}
BYE = {"es": ("Un saludo,", "Gracias de antemano.", "Saludos cordiales,"), "en": ("Regards,", "Thank you.", "Best,")}
THANKS = {"es": "Funciona, muchas gracias por la ayuda.", "en": "It works, thank you very much for your help."}
BACK = {"es": "Ha vuelto a pasar hoy. ", "en": "It happened again today. "}
AWAY = {
    "es": (
        "Respuesta automática: fuera de la oficina",
        "Estoy de vacaciones hasta el lunes y leeré su mensaje a la vuelta.",
    ),
    "en": ("Automatic reply: out of office", "I am on holiday until Monday and will read your message when I am back."),
}
BOUNCE = ("Undelivered Mail Returned to Sender", "The mailbox is full. 452 4.2.2 Over quota")
MORE = {"es": "Con más detalle:", "en": "In more detail:"}
NOTE = {
    "es": "Lo mismo que a otros clientes de {product}; avisado el equipo de desarrollo.",
    "en": "Same as other customers of {product}; development has been told.",
}
