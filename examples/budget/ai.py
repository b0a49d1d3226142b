import os
from collections import defaultdict

from openai import OpenAI

groq = OpenAI(
    base_url="https://api.groq.com/openai/v1",
    api_key=os.environ.get("GROQ_API_KEY", "not-set"),
)
chat = OpenAI(api_key=os.environ.get("OPENAI_API_KEY", "not-set"))


def generate_ai_insight(expenses, income, goals):
    by_category = defaultdict(float)
    for expense in expenses:
        by_category[expense.category] += expense.amount
    monthly_income = income / 12
    savings_rate = round((monthly_income - sum(by_category.values())) / monthly_income * 100, 1)
    spending = "\n".join(f"- {name}: ${total:.2f}" for name, total in by_category.items())
    wishes = "\n".join(f"- {goal.name}: ${goal.target:.0f}" for goal in goals)

    prompt = f"""You are a careful budgeting coach. Give one short, concrete insight.

User income: ${income}
Savings rate this month: {savings_rate}%
Spending this month:
{spending or "- nothing yet"}
Goals:
{wishes or "- none yet"}
"""
    response = groq.responses.create(model="openai/gpt-oss-20b", input=prompt)
    return response.output_text


def chat_tip(user, topic):
    completion = chat.chat.completions.create(
        model="gpt-5-mini",
        messages=[
            {"role": "system", "content": "Answer with one friendly tip in one sentence."},
            {
                "role": "user",
                "content": f"I am {user.first_name} from {user.city}. "
                f"How can I spend less on {topic}?",
            },
        ],
    )
    return completion.choices[0].message.content
